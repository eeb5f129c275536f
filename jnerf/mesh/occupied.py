"""Which blocks of a lattice meet the occupied cells of a sampler's grid."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from jnerf.mesh.lattice import BLOCK, Lattice


def occupied_blocks(
    cells: Iterable[tuple[NDArray[np.float32], float]], lattice: Lattice
) -> NDArray[np.bool_]:
    """Blocks that have a point in an occupied cell, or next to one.

    Args:
        cells: middles [K, 3] and edge of cubes, field units, level by level.
        lattice: whose frame may be turned against the field.

    Returns:
        bool, of shape ``lattice.blocks``.
    """
    wanted = np.zeros(lattice.blocks, bool)
    to_frame, most = lattice.to_field.inverse(), np.array(lattice.blocks) - 1
    for middles, edge in cells:
        # The box around a turned cube, and one point more on each side.
        half = 0.5 * edge * to_frame.scale * np.abs(to_frame.rotation).sum(axis=1)
        at = (to_frame.points(middles) - lattice.low) / lattice.spacing
        low = np.floor((at - half / lattice.spacing - 1) / BLOCK).astype(np.int64)
        high = np.floor((at + half / lattice.spacing + 1) / BLOCK).astype(np.int64)
        inside = (high >= 0).all(axis=1) & (low <= most).all(axis=1)
        low, high = np.maximum(low[inside], 0), np.minimum(high[inside], most)
        for step in np.ndindex(*((high - low).max(axis=0, initial=0) + 1)):
            x, y, z = np.minimum(low + step, high).T
            wanted[x, y, z] = True
    return wanted
