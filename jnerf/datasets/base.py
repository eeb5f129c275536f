"""What every dataset is: truths to train on, facts of the scene, and a judge of what was learned."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.errors import ConfigError
from jnerf.judging.judgement import Judgement, Subject
from jnerf.judging.views import judge_views, views_to_judge
from jnerf.structures import Batch, RaySamples, RenderOutput

if TYPE_CHECKING:
    from jnerf.datasets.cameras.cameras import Cameras
    from jnerf.datasets.pictures.disturbance import Disturbance
    from jnerf.datasets.pictures.exposure import ExposureRefinement
    from jnerf.datasets.placement.refinement import PoseRefinement
    from jnerf.datasets.placement.similarity import Similarity
    from jnerf.datasets.posed import View


class Dataset(ABC):
    """Base of datasets. Scenes of posed images derive from ``PosedImages``; tasks without rays derive from this.

    A task without rays gives points: rays of length 0 whose origins they are. It says what is good with a ``judge`` of
    its own.

    Attributes:
        provides: truths beside ``rgba`` that ``Batch.extras`` has.
        n_dims: coordinates of a point: what position encoders are built for.
        n_images: how many images this split has; 0 for none.
        cameras: the N cameras, in field units; None where there are none.
        transform: world to field; None where they are the same.
        sphere: (centre [3], radius) of the object, field units; None where it is not known.
        focus_depth: how far from the cameras lies what they look at, world units; None where it is not known.
        even_depth: whether pictures show depths of the field as they are, however far they reach: in NDC.
        learned: cameras that learn (``PoseRefinement``); None where they do not.
        exposure: exposures that learn (``ExposureRefinement``); None where they do not.
        disturbance: how training images are made worse; None: they are not.
        picture_size: of a scene of two dimensions, width and height of the picture that its box spans, pixels; None
            where it is none.
    """

    provides: frozenset[str] = frozenset()
    n_dims: int = 3
    n_images: int = 0
    cameras: Cameras | None = None
    transform: Similarity | None = None
    sphere: tuple[NDArray, float] | None = None
    focus_depth: float | None = None
    picture_size: tuple[int, int] | None = None
    learned: PoseRefinement | None = None
    even_depth: bool = False
    exposure: ExposureRefinement | None = None
    disturbance: Disturbance | None = None

    def __init__(self, aabb: Sequence[float], near: float = 0.0, far: float = 1e9) -> None:
        """Keeps what every scene has.

        Args:
            aabb: the field's box, (lows, highs), field units, [2 D].
            near: distance from the origin of rays where the scene may begin, field units.
            far: distance where it must have ended, field units.
        """
        self.aabb = np.asarray(aabb, np.float32)
        if (
            self.aabb.shape != (2 * self.n_dims,)
            or not (self.aabb[: self.n_dims] < self.aabb[self.n_dims :]).all()
        ):
            raise ConfigError(
                f"{type(self).__name__}: aabb is {self.aabb.tolist()}; it must be {self.n_dims} lows and as many "
                "highs, each low below its high"
            )
        self.near, self.far = float(near), float(far)

    def facts(self) -> dict[str, Any]:
        """What other modules may ask of the scene: aabb float32 [2 D], near, far, n_images, cameras, n_dims.

        A dataset whose cameras are no pinholes of the field gives None for cameras.
        """
        return {
            "aabb": self.aabb,
            "near": self.near,
            "far": self.far,
            "n_images": self.n_images,
            "cameras": self.cameras,
            "n_dims": self.n_dims,
        }

    def summary(self) -> dict[str, Any]:
        """What of the scene this split uses and what it leaves out, for run.json and a line of output.

        Returns:
            ``n_images`` where there are images, ``resolution`` ("800x600", "400x300 to 800x600") where there are
            cameras. Formats add what they know: further counts as ``n_<what>``, and ``dropped``, a dict from reason to
            count.
        """
        found: dict[str, Any] = {"n_images": self.n_images} if self.n_images else {}
        if self.cameras is not None:
            sizes = sorted({(int(w), int(h)) for w, h in self.cameras.sizes}, key=math.prod)
            ends = sizes if len(sizes) == 1 else [sizes[0], sizes[-1]]
            found["resolution"] = " to ".join(f"{w}x{h}" for w, h in ends)
        return found

    @abstractmethod
    def sample(self, n_rays: int, step: int) -> Batch:
        """Random training rays (or points) with their truths; depends on (seed, step, n_rays) alone.

        Args:
            n_rays: R.
            step: the training step.
        """

    def param_groups(self) -> dict[str, list[jt.Var]]:
        """Trainable parameters of its own, by part ("cameras"); see ``Network.param_groups``."""
        return {}

    def taken(self, render: RenderOutput, batch: Batch, step: int) -> RenderOutput:
        """What the cameras of a training batch would have made of what was rendered of its rays; the same.

        Args:
            render: what was rendered, earlier rounds included.
            batch: the rays and their truth.
            step: the training step.
        """
        return render

    def penalty(self, step: int) -> jt.Var | None:
        """What its own parameters cost at a training step, a scalar that is added to the losses; None: nothing."""
        return None

    @property
    def stats(self) -> dict[str, float]:
        """Numbers about its own parameters, for the log."""
        return {}

    @property
    def protocol(self) -> dict[str, str]:
        """Of the training split: what numbers that are measured after it depend on, for people: {what: how}."""
        return {}

    @property
    def starting_cameras(self) -> Cameras | None:
        """The cameras before any have learned, in field units; None where there are none."""
        return self.cameras

    def following(self, training: Dataset) -> Dataset:
        """The same views where the scene is now.

        Args:
            training: the training split, whose cameras may have learned, and taken the scene along.
        """
        return self

    def judge_batch(
        self, render: RenderOutput, batch: Batch, samples: RaySamples
    ) -> dict[str, float]:
        """How good a training batch is, for the log: by default the PSNR of its colours, over their own background.

        Args:
            render: what was rendered.
            batch: the truth.
            samples: those of the last round.
        """
        if render.colors is None:
            return {}
        error = samples.ray_mean(jt.sqr(render.colors - batch.target(render.background)))
        return {"psnr": -10 * math.log10(max(float(error.item()), 1e-12))}

    def judge(
        self, subject: Subject, n_images: int | None = None, folder: Path | None = None
    ) -> Judgement:
        """How good a model is, on this split: by default PSNR and SSIM of its views.

        Args:
            subject: the model.
            n_images: how many items (views) to judge, evenly spaced; None for all.
            folder: where pictures go; None writes none.

        Returns:
            Metrics by any names; logs, metrics.json and tables carry them as they are.

        Raises:
            ConfigError: as ``check_judging``.
            StopRequested: somebody asked to stop; let it pass.
        """
        return judge_views(self, subject, n_images, folder)

    def check_judging(self, n_images: int | None = None) -> None:
        """Whether ``judge`` will have what it needs: asked before training, whose end would be a bad time to find out.

        Raises:
            ConfigError: it will not; the message says why.
        """
        views_to_judge(self, n_images)

    def view(self, i: int) -> View:
        """Image ``i`` of this split, whole; for datasets with images."""
        raise NotImplementedError(
            f"{type(self).__name__} has no views: define judge and check_judging, or view and n_images"
        )

    def depth_of(self, i: int) -> NDArray[np.float32] | None:
        """The true distances along the rays of image ``i``, field units, [H, W], 0 where one is not known; None: no
        distance is."""
        return None

    def thinned(self, n: int) -> Dataset | None:
        """The same to be judged by fewer numbers on the way, every ``n``-th in each direction; None: its views are."""
        return None

    def first_picture(self) -> NDArray[np.uint8] | None:
        """The first image, or a small version of it, RGBA, by which a scene is known again; None: there is none."""
        return None

    def displayed(self, colors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Colours of the field, [..., 3], as sRGB: what they are, unless a dataset says otherwise."""
        return colors

    def flight(self, n_frames: int, width: int, height: int) -> Cameras | None:
        """A camera path for a film, asked for only where ``facts()`` has no cameras; None: an orbit will do.

        Args:
            n_frames: cameras.
            width: pixels.
            height: pixels.

        Returns:
            ``n_frames`` cameras whose ``rays`` are those of the field.
        """
        return None
