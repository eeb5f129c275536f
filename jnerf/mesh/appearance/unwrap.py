"""A place in a picture for each triangle: charts and their packing, by xatlas."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jnerf.mesh.libraries import library

_PADDING = 4  # texels between charts
_FILLED = 0.6  # what charts cover of a picture, as a rule


@dataclass(frozen=True, eq=False)
class Unwrapped:
    """A mesh whose vertices have a place in a picture; those on the border of a chart are there twice.

    Attributes:
        source: the vertex that each was, int [U].
        faces: int32 [F, 3], in the order that they had.
        uvs: float64 [U, 2] in [0, 1], from the left and from below.
    """

    source: NDArray[np.int64]
    faces: NDArray[np.int32]
    uvs: NDArray[np.float64]


def unwrap(vertices: NDArray[np.float64], faces: NDArray[np.integer], size: int) -> Unwrapped:
    """Cuts a mesh into charts and packs them into one square picture.

    Args:
        vertices: [V, 3]; their unit does not matter.
        faces: int [F, 3].
        size: texels along a side of the picture, for which the charts keep their distance.

    Raises:
        JnerfError: xatlas is missing.
    """
    xatlas = library("xatlas")
    a, b, c = (vertices[corner] for corner in faces.T)
    area = 0.5 * float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())
    atlas, charts, packing = xatlas.Atlas(), xatlas.ChartOptions(), xatlas.PackOptions()
    atlas.add_mesh(vertices.astype(np.float32), faces.astype(np.uint32))
    charts.max_iterations = 1
    packing.padding, packing.bilinear = _PADDING, True
    # A number for the picture's own size would make several pictures of what does not fit into one.
    packing.texels_per_unit = size * math.sqrt(_FILLED / max(area, 1e-30))
    atlas.generate(charts, packing)
    source, triangles, uvs = atlas.get_mesh(0)
    return Unwrapped(source.astype(np.int64), triangles.astype(np.int32), uvs.astype(np.float64))
