"""Fewer triangles: edges collapse where that changes the shape least (Garland and Heckbert 1997), by a library."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jnerf.errors import ConfigError
from jnerf.mesh.libraries import library
from jnerf.mesh.surface import Surface


def simplified(surface: Surface, faces: int, spacing: Sequence[float]) -> Surface:
    """A surface with about so many faces; itself if it has no more.

    Args:
        surface: what to simplify.
        faces: wanted.
        spacing: lengths of the lattice's cells, which say what is near; any unit.

    Raises:
        ConfigError: there would be nothing left.
        JnerfError: the library is missing.
    """
    if len(surface.faces) <= faces:
        return surface
    simplify = library("fast_simplification").simplify
    cells = np.asarray(spacing) / np.max(spacing)
    # Vertices of a part of a lattice are small numbers, of which float32 is exact enough.
    points, triangles = simplify(
        (surface.vertices * cells).astype(np.float32), surface.faces, target_count=faces
    )
    if not len(triangles):
        raise ConfigError(f"--faces {faces}: nothing of the surface would be left; ask for more")
    kept = np.ones(len(triangles), bool)
    found = Surface(points.astype(np.float64) / cells, triangles.astype(np.int32))
    return found.only(kept)
