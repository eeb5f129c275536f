"""The cells that a sampler's grid holds for occupied: as numbers, and as boxes to look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.pipeline.build import Pipeline
from jnerf.errors import ConfigError
from jnerf.mesh.files import write_file
from jnerf.mesh.libraries import library

# Of the faces across each axis: the corners of a unit cube's upper one, counter-clockwise seen from outside.
_QUAD = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
_COLORS = ((90, 160, 230), (240, 160, 60), (110, 190, 110), (200, 110, 190))  # by level


@dataclass(frozen=True, eq=False)
class Cells:
    """Occupied cubes of one size.

    Attributes:
        middles: field units, float32 [K, 3].
        edge: field units.
    """

    middles: NDArray[np.float32]
    edge: float


def occupied_cells(pipeline: Pipeline) -> list[Cells]:
    """The occupied cells of each level, finest first.

    Raises:
        ConfigError: the sampler keeps no such grid.
    """
    sampler = pipeline.sampler
    if sampler.occupied_cells is None:
        raise ConfigError(
            f"{type(sampler).__name__} keeps no occupancy grid; runs with OccupancySampler have one"
        )
    return [Cells(middles, edge) for middles, edge in sampler.occupied_cells()]


def write_cells(path: Path, cells: list[Cells], world_to_field: Similarity, below: float) -> None:
    """Writes the cells as ``.npz``, in world units.

    It holds ``middles`` [K, 3], ``edges`` [K], ``levels`` [K] (0 the finest), ``rotation`` [3, 3], whose columns are
    the cells' axes in the world, and ``threshold``, the density per world unit below which a cell counts as empty.

    Args:
        path: the file; replaced if it is there.
        cells: level by level.
        world_to_field: the similarity that the field was trained in.
        below: that density, per field unit.

    Raises:
        JnerfError: the disk is full or refuses.
    """
    back = world_to_field.inverse()
    counts = [len(part.middles) for part in cells]
    arrays = {
        "middles": np.concatenate([back.points(part.middles) for part in cells]).astype(np.float32),
        "edges": np.repeat([part.edge * back.scale for part in cells], counts).astype(np.float32),
        "levels": np.repeat(np.arange(len(cells), dtype=np.int32), counts),
        "rotation": back.rotation,
        "threshold": np.float64(below * world_to_field.scale),
    }
    write_file(path, lambda to: _save(to, arrays))


def boxes(cells: list[Cells], world_to_field: Similarity) -> Any:
    """The outside of the occupied cells as a ``trimesh.Trimesh`` in world units, a colour for each level.

    Faces between two occupied cells of a level are left out.
    """
    back, vertices, faces, colors, n = world_to_field.inverse(), [], [], [], 0
    for level, part in enumerate(cells):
        for corners in _outer_faces(part):
            quads = n + 4 * np.arange(len(corners))[:, None]
            faces += [quads + [0, 1, 2], quads + [0, 2, 3]]
            vertices.append(back.points(corners.reshape(-1, 3)))
            color = _COLORS[level % len(_COLORS)]
            colors.append(np.tile(np.uint8([*color, 255]), (4 * len(corners), 1)))
            n += 4 * len(corners)
    if not n:
        raise ConfigError(
            "no cell is occupied: the field is empty everywhere, or was never trained"
        )
    found = library("trimesh").Trimesh(
        np.concatenate(vertices), np.concatenate(faces), process=False
    )
    found.visual.vertex_colors = np.concatenate(colors)
    return found


def _outer_faces(cells: Cells) -> Iterator[NDArray[np.float64]]:
    """Squares between an occupied cell and an empty one: corners [Q, 4, 3], field units, for each of 6 directions."""
    if not len(cells.middles):
        return
    low = cells.middles.min(axis=0)
    index = np.rint((cells.middles - low) / cells.edge).astype(np.int64) + 1
    grid = np.zeros(index.max(axis=0) + 2, bool)
    grid[tuple(index.T)] = True
    for axis in range(3):
        for side in (0, 1):
            beside = index.copy()
            beside[:, axis] += 1 if side else -1
            outer = cells.middles[~grid[tuple(beside.T)]].astype(np.float64)
            offsets = np.empty((4, 3))
            offsets[:, axis] = side
            offsets[:, [(axis + 1) % 3, (axis + 2) % 3]] = _QUAD if side else _QUAD[::-1]
            yield outer[:, None] + (offsets - 0.5) * cells.edge


def _save(path: Path, arrays: dict[str, NDArray]) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)
