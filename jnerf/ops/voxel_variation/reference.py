"""The specification of ``voxel_variation`` in NumPy, float64: loops over rows and channels."""

from __future__ import annotations

import numpy as np


def voxel_variation(values, links, first: int, count: int) -> float:
    """Mean over the selected rows; see ``jnerf.ops.voxel_variation``."""
    values = np.asarray(values, np.float64)
    vertices = np.argwhere(links >= 0)  # in the order of the rows
    total = 0.0
    for i in range(count):
        vertex = vertices[(first + i) % len(values)]
        row = links[tuple(vertex)]
        squares = np.full(values.shape[1], 1e-9)
        for axis in range(3):
            beside = vertex + np.eye(3, dtype=int)[axis]
            if beside[axis] < links.shape[axis] and links[tuple(beside)] >= 0:
                difference = values[links[tuple(beside)]] - values[row]
                squares += (difference * links.shape[axis] / 256) ** 2
        total += np.sqrt(squares).sum()
    return total / count
