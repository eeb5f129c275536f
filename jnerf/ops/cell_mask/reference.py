"""The specification of ``cell_mask`` in NumPy, one position at a time."""

from __future__ import annotations

import numpy as np


def cell_mask(positions, mask) -> np.ndarray:
    """As ``jnerf.ops.cell_mask``, of a mask bool [Nz, Ny, Nx]."""
    found = []
    for x in np.asarray(positions, np.float32):
        inside = ((x >= 0) & (x <= 1)).all()
        cells = [
            min(int(np.float32(u) * np.float32(n)), n - 1) if inside else 0
            for u, n in zip(x, mask.shape[::-1], strict=True)
        ]
        found.append(inside and mask[tuple(cells[::-1])])
    return np.array(found, np.float32)
