"""An object that nobody has photographed: it is looked at from where its dataset says that pictures are made."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.rendering.paths.orbit import orbit, up_axis
from jnerf.viewer.stages.stage import Stage


class ObjectStage(Stage):
    """A field in three dimensions whose dataset has cameras and no images.

    Args:
        pipeline: the method on the object.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline, self.splits, self.space = pipeline, {}, None
        self.aabb = np.asarray(pipeline.facts["aabb"], np.float64)
        cameras = pipeline.dataset.cameras
        self.up = up_axis(cameras.c2w)
        middle = 0.5 * (self.aabb[:3] + self.aabb[3:])
        self.size = 0.5 * float(np.median(np.linalg.norm(cameras.c2w[:, :, 3] - middle, axis=1)))

    def first_view(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """See ``Stage``."""
        cameras = self.pipeline.dataset.cameras
        middle = 0.5 * (self.aabb[:3] + self.aabb[3:])
        half = 0.5 * float(cameras.sizes[0, 1]) / float(cameras.intrinsics[0, 1])
        fov = 2 * float(np.arctan(half))
        return orbit(cameras.c2w, middle, np.degrees(fov), 8).c2w[0], middle, fov

    def view_at(self, position: NDArray[np.floating]) -> tuple[str, int] | None:
        """See ``Stage``; there are no photographs."""
        return None
