"""How much of a ray's way through the box is not known to be empty."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from jnerf.engine.pipeline.build import Pipeline
from jnerf.structures import RayBundle
from jnerf.viewer.channels.base import Channel, Shown
from jnerf.viewer.occupied import CellGrid, occupied_grids
from jnerf.viewer.registries import CHANNELS
from jnerf.viewer.stages.stage import Stage

#: Points along a ray that are asked for, and seconds after which the grid is read again.
_STATIONS, _FRESH = 64, 1.0


@CHANNELS.register()
class OccupancyChannel(Channel):
    """The share of a ray's way through the box that lies in occupied cells; half of it is the end of the map."""

    label = "occupancy"

    def __init__(self) -> None:
        self._grids: list[CellGrid] = []
        self._read = -np.inf

    def lacking(self, stage: Stage) -> str | None:
        """See ``Channel``."""
        if stage.pipeline.sampler.occupied_cells is None:
            return f"{type(stage.pipeline.sampler).__name__} keeps no grid of empty cells"
        return None

    def measure(
        self, stage: Stage, pipeline: Pipeline, rays: RayBundle
    ) -> Mapping[str, NDArray[np.float32]]:
        """See ``Channel``."""
        if time.monotonic() - self._read > _FRESH:
            self._grids, self._read = occupied_grids(stage.pipeline.sampler), time.monotonic()
        origins, directions = rays.rays_o.numpy(), rays.rays_d.numpy()
        directions = np.where(np.abs(directions) < 1e-9, 1e-9, directions)
        ends = (stage.aabb.reshape(2, 1, 3) - origins) / directions
        enter = np.maximum(ends.min(axis=0).max(axis=1), 0)
        leave = np.maximum(ends.max(axis=0).min(axis=1), enter)
        parts = (np.arange(_STATIONS) + 0.5) / _STATIONS
        t = enter[:, None] + (leave - enter)[:, None] * parts
        points = (origins[:, None] + t[..., None] * directions[:, None]).reshape(-1, 3)
        held = np.zeros(len(points), bool)
        for grid in self._grids:
            held |= grid.holds(points)
        share = held.reshape(t.shape).mean(axis=1) * (leave > enter)
        return {"occupancy": share.astype(np.float32)}

    def picture(self, shown: Shown) -> NDArray[np.float32]:
        """See ``Channel``."""
        share = shown.measured("occupancy")
        return np.zeros_like(shown.image.opacities) if share is None else 2 * share
