"""Cameras that learn: small motions of the training cameras, trained together with the field.

BARF (Lin et al. 2021, https://arxiv.org/abs/2104.06405) and nerfstudio's camera optimiser (Tancik et al. 2023,
https://arxiv.org/abs/2302.04264). Lenses and focal lengths stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, TypeVar

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.checks.least import at_least
from jnerf.datasets.placement.alignment import PoseErrors, align_points, pose_errors
from jnerf.datasets.placement.disturbance import disturbed
from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import ConfigError, DataError
from jnerf.ops.move_rays import MODES, move_rays, reference
from jnerf.registry import CAMERAS
from jnerf.schedules import Scheduled, make_schedule

Posed = TypeVar("Posed")  # a dataclass with poses ``c2w``: cameras
_ROUND = 1e-4  # where norms are round, so that their gradient is finite: radians and field units


@CAMERAS.register()
class PoseRefinement:
    """A twist for each training image, 0 to begin with, that moves its camera; see ``jnerf.ops.move_rays``.

    The scene may drift as a whole while cameras learn, so test views are moved by the similarity that best brings the
    given positions of the training cameras onto the learned ones; and, with ``test_steps``, fitted to their pictures.

    Args:
        c2w: poses of the training cameras, field units, float32 [N, 3, 4].
        middle: of the scene's box, field units: what "se3" turns about.
        mode: "so3xr3": each camera turns about itself, and is shifted; "se3": a rigid motion about the scene's middle.
        begin: the training step from which on cameras move: a field that is still noise would lead them astray.
        translation_penalty: weight of the mean length of shifts, field units; a number or a schedule.
        rotation_penalty: weight of the mean angle of turns, radians; likewise.
        test_steps: steps in which the test at the end fits each view's pose to its picture, the field being fixed; 0:
            test views are moved by the similarity alone.
        test_lr: learning rate of those steps, which falls to a tenth.
        test_rays: pixels of each of them.
        disturb_degrees: turn each camera by this much before training, in a random direction: a test of the method. The
            given poses are known to be right then, and errors are measured by them.
        disturb_distance: shift each as well, by this share of the largest distance of a camera from their middle.
        seed: the run's seed; of the disturbance.

    Attributes:
        given: poses as the dataset has them, float64 [N, 3, 4].
        start: poses where training starts: the given ones, or disturbed.
        twists: what is trained, shift and turn of each camera, float32 [N, 6].

    Raises:
        ConfigError: a value is out of its range.
    """

    def __init__(
        self,
        c2w: NDArray[np.float32],
        middle: Sequence[float],
        mode: Literal["so3xr3", "se3"] = "so3xr3",
        begin: int = 0,
        translation_penalty: Scheduled = 0.0,
        rotation_penalty: Scheduled = 0.0,
        test_steps: int = 0,
        test_lr: float = 3e-3,
        test_rays: int = 1024,
        disturb_degrees: float = 0.0,
        disturb_distance: float = 0.0,
        seed: int = 0,
    ) -> None:
        if mode not in MODES:
            raise ConfigError(f"mode is {mode!r}; choose one of {', '.join(MODES)}")
        at_least(
            "",
            begin=(begin, 0),
            test_steps=(test_steps, 0),
            test_rays=(test_rays, 1),
            disturb_degrees=(disturb_degrees, 0),
            disturb_distance=(disturb_distance, 0),
        )
        if not test_lr > 0:
            raise ConfigError(f"test_lr is {test_lr}; it must be above 0")
        self.mode, self.begin, self.middle = mode, begin, [float(x) for x in middle]
        self._weights = make_schedule(translation_penalty), make_schedule(rotation_penalty)
        self.test_steps, self.test_lr, self.test_rays = test_steps, float(test_lr), test_rays
        self.given = np.asarray(c2w, np.float64)
        self.disturbance = float(disturb_degrees), float(disturb_distance)
        self.start = self.given
        if any(self.disturbance):
            eyes = self.given[:, :, 3]
            extent = float(np.linalg.norm(eyes - eyes.mean(axis=0), axis=1).max())
            self.start = disturbed(self.given, disturb_degrees, disturb_distance * extent, seed)
        self.twists = jt.array(np.zeros((len(self.given), 6), np.float32))
        self._known: tuple[NDArray[np.float32], Any] | None = None

    def move(self, rays_o: jt.Var, rays_d: jt.Var, images: jt.Var) -> tuple[jt.Var, jt.Var]:
        """Rays of the cameras where training started, as those of the cameras now; with gradients to ``twists``.

        Args:
            rays_o: float32 [R, 3].
            rays_d: float32 [R, 3].
            images: the camera of each, int32 [R].
        """
        return move_rays(self.twists, rays_o, rays_d, images, self.mode, self.middle)

    def poses(self) -> NDArray[np.float64]:
        """The poses now, float64 [N, 3, 4]; waits for the device."""
        return reference.move_poses(self.twists.numpy(), self.start, self.mode, self.middle)

    def applied(self, cameras: Posed) -> Posed:
        """The cameras now.

        Args:
            cameras: those of ``start``.
        """
        twists = self.twists.numpy()
        if self._known is None or not np.array_equal(self._known[0], twists):
            self._known = twists, replace(cameras, c2w=self.poses())
        return self._known[1]

    def penalty(self, step: int) -> jt.Var | None:
        """What shifts and turns cost at a step, a scalar; finite, with a finite gradient, where they are 0."""
        weights = [weight(step) for weight in self._weights]
        if not any(weights):
            return None
        parts = self.twists[:, :3], self.twists[:, 3:]
        return sum(w * _length(part).mean() for w, part in zip(weights, parts, strict=True))

    def alignment(self) -> Similarity | None:
        """The similarity from the given cameras to those now; None where their positions do not decide on one."""
        try:
            return align_points(self.given[:, :, 3], self.poses()[:, :, 3])
        except DataError:
            return None

    def errors(self) -> PoseErrors | None:
        """How far the cameras now are from the given ones, after the best similarity; None as above."""
        try:
            return pose_errors(self.poses(), self.given)
        except DataError:
            return None

    def stats(self) -> dict[str, float]:
        """Mean and largest difference from the given cameras after alignment, degrees and shares of the extent."""
        found = self.errors()
        if found is None:
            return {}
        parts = {"pose_degrees": found.degrees, "pose_share": found.relative}
        return {
            f"{name}_{kind}": float(f"{value:.4g}")
            for name, values in parts.items()
            for kind, value in (("mean", values.mean()), ("max", values.max()))
        }

    def protocol(self, tuned: bool) -> dict[str, Any]:
        """What numbers of test views depend on.

        Args:
            tuned: whether their poses were fitted to their pictures.
        """
        how = "left where they are: training cameras in one place or on one line decide on no similarity"
        if self.alignment() is not None:
            how = "moved by the similarity from the given to the learned training cameras"
        if tuned:
            how += (
                f", then each pose fitted to its picture in {self.test_steps} steps of {self.test_rays} pixels, "
                "the field fixed"
            )
        told: dict[str, Any] = {"cameras": f"learned ({self.mode}); test views {how}"}
        if any(self.disturbance):
            degrees, distance = self.disturbance
            told["cameras_disturbed"] = (
                f"each training camera by {degrees:g} degrees and {distance:.4g} of the cameras' extent"
            )
        return told | self.stats()


def _length(vectors: jt.Var) -> jt.Var:
    """Lengths of vectors, [N, 3] -> [N], rounded off at 0, where they would have no gradient."""
    return jt.sqrt(jt.sqr(vectors).sum(1) + _ROUND**2) - _ROUND
