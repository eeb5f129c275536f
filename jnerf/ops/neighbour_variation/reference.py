"""The specification of ``neighbour_variation`` in NumPy."""

from __future__ import annotations

import numpy as np

from jnerf.ops.common import uniform
from jnerf.ops.common.fused import fma


def neighbour_points(n: int, distance: float, seed: int, step: int, draw: int) -> np.ndarray:
    """Points [n, 3] of the unit cube, then each a distance further along x, y, z: float32 [4 n, 3]."""
    points = np.stack([uniform(seed, step, np.arange(n), draw + axis) for axis in range(3)], 1)
    steps = np.float32(distance) * np.eye(4, 3, -1, dtype=np.float32)
    return np.concatenate([fma(points, 1 - np.float32(distance), s) for s in steps])


def neighbour_variation(features: np.ndarray, weight: float) -> float:
    """weight times the sum of squared differences from a point to its three neighbours; [4 n, F] or [L, 4 n, F]."""
    levels = features if features.ndim == 3 else features[None]
    parts = levels.reshape(len(levels), 4, -1)
    return weight * ((parts[:, 1:] - parts[:, :1]) ** 2).sum()
