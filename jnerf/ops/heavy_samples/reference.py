"""The specification of ``heavy_samples`` in NumPy, float64."""

from __future__ import annotations

import numpy as np


def heavy_samples(
    sigmas, t_starts, t_ends, packed_info, least: float
) -> tuple[np.ndarray, np.ndarray]:
    """As ``jnerf.ops.heavy_samples``."""
    depths = np.asarray(sigmas, np.float64) * (np.asarray(t_ends, np.float64) - t_starts)
    rows, packed = [], []
    for first, count in packed_info:
        t, before = 1.0, len(rows)
        for i in range(first, first + count):
            keep = np.exp(-depths[i])
            if t * (1 - keep) > least:
                rows.append(i)
            t *= keep
        packed.append((before, len(rows) - before))
    return np.array(rows, np.int32), np.array(packed, np.int32).reshape(-1, 2)
