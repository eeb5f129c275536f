"""A picture as the page shows it: it lies in the plane z = 0 of the page's frame, before a camera like any other.

Its longer side is 1, x goes to the right and y upwards from its upper left corner. So moving the camera sideways moves
the window, going nearer enlarges it, and a tilted camera sees the plane in perspective.
"""

from __future__ import annotations

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.rendering.image import Rendered
from jnerf.structures import RayBundle
from jnerf.viewer.stages.stage import Stage
from jnerf.viewer.viewpoint import Viewpoint

#: Vertical field of view of whoever comes, radians, and how much wider than the picture the first view is.
_FOV, _MARGIN = 0.8, 1.04
#: The least share of a direction that points at the plane: what looks along it, or away, meets it nowhere.
_DOWN = 1e-3

Floats = NDArray[np.float64]


class PlaneStage(Stage):
    """A field of two dimensions.

    Args:
        pipeline: the method on the picture.

    Attributes:
        extent: width and height of all of the picture: its pixels, or lengths of the field's box.
        edges: the same in the page's frame.
    """

    flat = True

    def __init__(self, pipeline: Pipeline) -> None:
        dataset = pipeline.dataset
        self.pipeline, self.splits, self.space = pipeline, {}, None
        self.aabb = np.asarray(pipeline.facts["aabb"], np.float64)
        self.up = np.array([0.0, 1.0, 0.0])
        extent = dataset.picture_size or self.aabb[2:] - self.aabb[:2]
        self.extent = np.asarray(extent, np.float64)
        self.edges = self.extent / self.extent.max()
        self.size = 1.0

    @property
    def transform(self) -> Similarity:
        """The page's frame is a picture's only one."""
        return Similarity()

    def first_view(self) -> tuple[Floats, Floats, float]:
        """See ``Stage``: all of the picture, on a page that is as wide as high."""
        return self.over((0.0, 0.0, *self.extent), 1.0)

    def over(
        self, window: tuple[float, float, float, float], aspect: float, margin: bool = True
    ) -> tuple[Floats, Floats, float]:
        """The view straight down that has a window of the picture in it.

        Args:
            window: left, top, right, bottom, as ``extent`` counts.
            aspect: width of the page as a share of its height.
            margin: leave a little room round it.

        Returns:
            See ``first_view``.
        """
        left, top, right, bottom = np.asarray(window, np.float64) / self.extent.max()
        middle = np.array([0.5 * (left + right), -0.5 * (top + bottom), 0.0])
        half = 0.5 * (_MARGIN if margin else 1.0) * max(bottom - top, (right - left) / aspect)
        eye = middle + [0, 0, half / np.tan(0.5 * _FOV)]
        return np.column_stack([np.eye(3), eye]), middle, _FOV

    def window(self, view: Viewpoint) -> Floats:
        """The part of the picture below a camera, as if it looked straight down: left, top, right, bottom."""
        x, y, z = view.c2w[:, 3]
        half = abs(z) * np.tan(0.5 * view.fov) * np.array([view.width / view.height, 1.0])
        return np.array([x - half[0], -y - half[1], x + half[0], -y + half[1]]) * self.extent.max()

    def bundle(self, cameras: Cameras, x: NDArray[np.int32], y: NDArray[np.int32]) -> RayBundle:
        """See ``Stage``: points of the plane instead of rays; those beyond the picture are moved to its edge."""
        eye = cameras.c2w[0, :, 3].astype(np.float64)
        _, directions = Cameras.generate_rays(cameras, np.zeros(x.shape, np.int32), x, y)
        unit = np.clip(self._meet(eye, directions)[0], 0, 1)
        low, high = self.aabb.reshape(2, 2)
        points = (low + unit * (high - low)).astype(np.float32)
        return RayBundle(jt.array(points), jt.zeros(points.shape))

    def seen(
        self, view: Viewpoint, found: Rendered, x: NDArray[np.int32], y: NDArray[np.int32]
    ) -> Rendered:
        """See ``Stage``: in sRGB, nothing beyond the picture, depths along the camera's rays."""
        unit, away = self._meet(view.c2w[:, 3], view.directions()[y, x])
        inside = self.within(unit).astype(np.float32)
        colors = self.pipeline.dataset.displayed(found.colors) * inside[:, None]
        return Rendered(colors, inside, (away * inside).astype(np.float32), None, found.n_samples)

    def looked_at(self, view: Viewpoint, stride: int) -> Floats:
        """Which point of the picture every ``stride``-th pixel shows, in [0, 1] of width and height, or beyond."""
        directions = view.directions(stride)
        unit, _ = self._meet(view.c2w[:, 3], directions.reshape(-1, 3))
        return unit.reshape(*directions.shape[:2], 2)

    def within(self, unit: Floats) -> NDArray[np.bool_]:
        """Whether points [..., 2] of ``looked_at`` are on the picture."""
        return ((unit >= 0) & (unit < 1)).all(axis=-1)

    def view_at(self, position: NDArray[np.floating]) -> tuple[str, int] | None:
        """See ``Stage``; no photograph is taken of a picture."""
        return None

    def _meet(self, eye: Floats, directions: NDArray[np.floating]) -> tuple[Floats, Floats]:
        """Where rays [R, 3] meet the plane, in [0, 1] of the picture or beyond, [R, 2], and how far away, [R]."""
        towards = -directions[:, 2] * (1 if eye[2] >= 0 else -1)
        away = abs(eye[2]) / np.maximum(towards, _DOWN)
        points = eye[:2] + away[:, None] * directions[:, :2]
        unit = points * [1, -1] / self.edges
        unit[towards < _DOWN] = -1
        return unit, away
