"""Where a sampler says that the field is not empty, as grids that can be asked for points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jnerf.samplers.base import Sampler


@dataclass(frozen=True)
class CellGrid:
    """Cells of one size.

    Attributes:
        low: corner of the grid, field units, [3].
        edge: of a cell, field units.
        occupied: bool [X, Y, Z].
    """

    low: NDArray[np.float64]
    edge: float
    occupied: NDArray[np.bool_]

    def holds(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Whether points [P, 3] lie in an occupied cell, [P]."""
        cells = np.floor((points - self.low) / self.edge).astype(np.int64)
        inside = ((cells >= 0) & (cells < self.occupied.shape)).all(axis=1)
        found = np.zeros(len(points), bool)
        x, y, z = cells[inside].T
        found[inside] = self.occupied[x, y, z]
        return found

    def coarser(self) -> CellGrid:
        """Cells of twice the edge, occupied where one of the eight is."""
        size = [-(-n // 2) * 2 for n in self.occupied.shape]
        padded = np.zeros(size, bool)
        x, y, z = self.occupied.shape
        padded[:x, :y, :z] = self.occupied
        blocks = padded.reshape(size[0] // 2, 2, size[1] // 2, 2, size[2] // 2, 2)
        return CellGrid(self.low, 2 * self.edge, blocks.any(axis=(1, 3, 5)))

    def surface(self) -> tuple[NDArray[np.float64], NDArray[np.uint32]]:
        """The sides of occupied cells that face empty ones: vertices [4 Q, 3], field units, and triangles [2 Q, 3]."""
        padded = np.pad(self.occupied, 1)
        quads = []
        for axis in range(3):
            beside = np.roll(np.eye(3), -axis, axis=0)[1:]  # the two other axes
            for side in (0, 1):
                bare = padded & ~np.roll(padded, 1 - 2 * side, axis)
                corner = np.argwhere(bare) - 1 + side * np.eye(3)[axis]
                ways = beside if side else beside[::-1]  # outward all round
                steps = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) @ ways
                quads.append(corner[:, None] + steps)
        vertices = np.concatenate(quads).reshape(-1, 3)
        first = 4 * np.arange(len(vertices) // 4)[:, None, None]
        faces = (first + np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3)
        return self.low + vertices * self.edge, faces.astype(np.uint32)


def occupied_grids(sampler: Sampler) -> list[CellGrid]:
    """The grid of each size of cells; none where the sampler keeps none, or nothing is occupied."""
    if sampler.occupied_cells is None:
        return []
    grids = []
    for middles, edge in sampler.occupied_cells():
        if len(middles):
            low = middles.min(axis=0).astype(np.float64) - 0.5 * edge
            cells = np.round((middles - low) / edge - 0.5).astype(np.int64)
            occupied = np.zeros(cells.max(axis=0) + 1, bool)
            occupied[tuple(cells.T)] = True
            grids.append(CellGrid(low, edge, occupied))
    return grids
