"""The specification of ``grid_interp`` in NumPy: loops over samples and corners, float64."""

from __future__ import annotations

import itertools

import numpy as np


def grid_interp(positions, grid, smoothstep: bool = False) -> np.ndarray:
    """Interpolated features [S, F]; see ``jnerf.ops.grid_interp``."""
    positions, grid = np.asarray(positions, np.float64), np.asarray(grid, np.float64)
    n_dims = positions.shape[1]
    values = np.zeros((len(positions), grid.shape[-1]))
    for i, position in enumerate(positions):
        low, weights = [], []
        for d in range(n_dims):
            last = grid.shape[n_dims - 1 - d] - 1
            at = np.clip(position[d], 0, 1) * last
            cell = 0 if np.isnan(at) else min(int(at), last - 1)
            w = at - cell
            low.append(cell)
            weights.append(w * w * (3 - 2 * w) if smoothstep else w)
        for corner in itertools.product((0, 1), repeat=n_dims):
            weight = np.prod([w if up else 1 - w for up, w in zip(corner, weights, strict=True)])
            vertex = tuple(cell + up for cell, up in zip(low, corner, strict=True))[::-1]
            values[i] += weight * grid[vertex]
    return values
