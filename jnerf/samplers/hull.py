"""What silhouettes say of an occupancy grid: which cells are empty, and that the others deserve time.

An occupancy grid drops a cell when its density is low, and a cell without samples learns nothing any more. What is thin
has a low density at first: few rays meet it, and all others want the space around it clear. On the embedded scene with
wires, nine in ten of the cells that hold wire are dropped within 64 steps, with densities below those of empty space;
no threshold tells them apart. Where images have a transparent background, silhouettes do.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import jittor as jt
import numpy as np

from jnerf.ops.visual_hull import carve
from jnerf.ops.visual_hull import silhouettes as as_counts


class Hull:
    """The visual hull of a scene, and how long its cells are kept.

    Args:
        cameras: training cameras; None, or other lenses than pinholes: nothing is known.
        silhouettes: gives where their images are not transparent, or None; asked when first needed.
        steps: how long all cells of the hull are kept; 0: there is no hull.
    """

    def __init__(
        self,
        cameras: Any,
        silhouettes: Callable[[], Iterable[np.ndarray] | None] | None,
        steps: int,
    ) -> None:
        pinholes = steps and cameras is not None and cameras.pinholes() is cameras
        self._pinholes = cameras if pinholes else None
        self._silhouettes, self._steps = silhouettes, steps

    def _masks(self) -> Iterable[np.ndarray] | None:
        if self._pinholes is None or self._silhouettes is None:
            return None
        return self._silhouettes()

    def open_at(self, step: int) -> bool:
        """Whether all cells that are not proved empty are to be occupied after the update of step ``step``."""
        return step < self._steps and self._masks() is not None

    def carved(self, grid: jt.Var, resolution: int) -> jt.Var:
        """The grid with -1 in all cells outside the hull, float32 [levels * resolution^3]."""
        masks = self._masks()
        if masks is None:
            if self._steps:
                warnings.warn(
                    f"OccupancySampler: hull_steps is {self._steps}, but it needs pinhole cameras and images that are "
                    "transparent somewhere, and does nothing here",
                    stacklevel=2,
                )
            return grid
        at = self._pinholes
        seen = as_counts(masks, at.sizes)
        return carve(grid, at.c2w, at.intrinsics, at.sizes, seen, resolution)
