"""The scene as the page shows it: its frame, its cameras, and rays for any view.

The page draws in the field's units, so that rays, boxes and depths need no conversion. A field in NDC is the exception:
there it is the frame that the cameras share, and rays and points go through the projective map.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.base import Dataset
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.ndc import NDCCameras
from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.rendering.image import Rendered
from jnerf.engine.rendering.paths.orbit import orbit, up_axis
from jnerf.engine.rendering.stage import to_field
from jnerf.errors import ConfigError
from jnerf.structures import RayBundle
from jnerf.viewer.viewpoint import Viewpoint

#: In NDC, the least share of a direction that points forward: what looks back has no place there.
_FORWARD = 0.05


class Stage:
    """A scene with its splits.

    Args:
        pipeline: the method on the scene.
        held_out: the test split; None if there is none, or it cannot be read.

    Attributes:
        pipeline: as above.
        splits: datasets by name, "train" and "test", those that there are.
        aabb: the field's box, float64 [6].
        up: the direction that people held up, [3].
        space: NDC of the field; None for an ordinary one.
        flat: whether it is a picture (``jnerf.viewer.stages.plane``).
        gone: why it is without cameras and images (``jnerf.viewer.stages.recorded``); empty where it is not.

    Raises:
        ConfigError: the scene has no cameras in three dimensions.
    """

    flat = False
    gone = ""

    def __init__(self, pipeline: Pipeline, held_out: Dataset | None = None) -> None:
        dataset = pipeline.dataset
        if pipeline.facts["n_dims"] != 3 or dataset.cameras is None:
            raise ConfigError(
                f"{type(dataset).__name__} has no cameras in three dimensions: there is nothing to walk around in. Its "
                "own pictures are in the run's test folder"
            )
        self.pipeline = pipeline
        self.splits: Mapping[str, Dataset] = {"train": dataset}
        if held_out is not None and held_out.cameras is not None:
            self.splits = {"train": dataset, "test": held_out.following(dataset)}
        self.aabb = np.asarray(pipeline.facts["aabb"], np.float64)
        self.up = up_axis(dataset.cameras.c2w)
        ndc = isinstance(dataset.cameras, NDCCameras)
        self.space = dataset.cameras.space if ndc else None

    @property
    def transform(self) -> Similarity:
        """From the user's world to the page's frame."""
        return to_field(self.pipeline.dataset)

    @cached_property
    def size(self) -> float:
        """A length of the scene: half the median distance between cameras and what they look at."""
        if self.space is not None:
            return float(self.space.near)
        middle = 0.5 * (self.aabb[:3] + self.aabb[3:])
        away = np.linalg.norm(self.splits["train"].cameras.c2w[:, :, 3] - middle, axis=1)
        return 0.5 * float(np.median(away))

    def first_view(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Pose [3, 4], a point that it looks at [3], and vertical field of view, radians, for whoever comes."""
        poses = self.splits["train"].cameras.c2w.astype(np.float64)
        middle = 0.5 * (self.aabb[:3] + self.aabb[3:])
        if self.space is None:
            c2w = orbit(poses, middle, 50.0, 8).c2w[0]
            c2w[:, 3] += 0.2 * (middle - c2w[:, 3])  # in front of the cameras
        else:
            c2w, middle = poses[0], self.space.unproject(np.array([[0.5, 0.5, 0.6]]))[0]
        forward = -c2w[:, 2]
        reach = max(float((middle - c2w[:, 3]) @ forward), 0.1 * self.size)
        return c2w, c2w[:, 3] + reach * forward, self.fov_of("train", 0)

    def fov_of(self, split: str, i: int) -> float:
        """Vertical field of view of a camera of a split, radians; of other lenses than pinholes about that."""
        cameras = self.splits[split].cameras
        half = 0.5 * float(cameras.sizes[i, 1]) / float(cameras.intrinsics[i, 1])
        return 2 * float(np.arctan(half))

    def cameras_of(self, view: Viewpoint) -> Cameras:
        """A viewpoint as one camera whose rays are the field's."""
        middle = [0.5 * view.width, 0.5 * view.height]
        intrinsics = np.float32([[view.focal, view.focal, *middle]])
        arrays = view.c2w[None], intrinsics, np.int32([[view.width, view.height]])
        if self.space is None:
            return Cameras(*arrays)
        return NDCCameras(*arrays, space=self.space)

    def bundle(self, cameras: Cameras, x: NDArray[np.int32], y: NDArray[np.int32]) -> RayBundle:
        """Rays of pixels of the one camera that ``cameras_of`` gave."""
        indices = np.zeros(x.shape, np.int32)
        if self.space is None:
            return cameras.bundle(indices, x, y)
        origins, directions = Cameras.generate_rays(cameras, indices, x, y)
        starts, along = self._in_ndc(origins, directions)
        return RayBundle(jt.array(starts), jt.array(along))

    def seen(
        self, view: Viewpoint, found: Rendered, x: NDArray[np.int32], y: NDArray[np.int32]
    ) -> Rendered:
        """What is shown of what was rendered of these pixels."""
        return found

    def points(
        self, view: Viewpoint, depths: NDArray[np.floating], stride: int
    ) -> NDArray[np.float64]:
        """Where distances along the rays of every ``stride``-th pixel lie in the page's frame, [h, w, 3]."""
        directions, eye = view.directions(stride), view.c2w[:, 3]
        if self.space is None:
            return eye + directions * depths[..., None]
        flat = directions.reshape(-1, 3)
        starts, along = self._in_ndc(np.tile(eye, (len(flat), 1)), flat)
        inside = starts + along * np.reshape(depths, (-1, 1))
        inside[:, 2] = np.minimum(inside[:, 2], 1 - 1e-4)  # infinity is beyond
        return self.space.unproject(inside).reshape(directions.shape)

    def planar(self, view: Viewpoint, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Distances of points [..., 3] along the axis of a view, as rasterisers have them."""
        return (points - view.c2w[:, 3]) @ -view.c2w[:, 2]

    def view_at(self, position: NDArray[np.floating]) -> tuple[str, int] | None:
        """The split and number of the image that was taken from a place; None if none was."""
        near = 1e-4 * self.size
        for split, dataset in self.splits.items():
            away = np.linalg.norm(dataset.cameras.c2w[:, :, 3] - position, axis=1)
            if away.min() < near:
                return split, int(away.argmin())
        return None

    def _in_ndc(
        self, origins: NDArray[Any], directions: NDArray[Any]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Rays of the shared frame in the field; those that look back are bent forward."""
        directions = np.array(directions)
        directions[:, 2] = np.minimum(directions[:, 2], -_FORWARD)
        origins = np.array(origins)
        origins[:, 2] = np.minimum(origins[:, 2], 0.0)
        starts, ends = self.space.ends(origins, directions)
        along = ends - starts
        along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
        return starts.astype(np.float32), along.astype(np.float32)
