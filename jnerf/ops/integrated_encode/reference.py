"""The specification of ``integrated_encode`` in NumPy."""

from __future__ import annotations

import numpy as np


def integrated_encode(means, variances, n_frequencies, scale=1.0, offset=0.0):
    """Arguments as in ``jnerf.ops.integrated_encode``, as arrays; float64 [S, 2 n_frequencies D]."""
    u, var = scale * means.astype(np.float64) + offset, scale**2 * variances.astype(np.float64)
    parts = []
    for k in range(n_frequencies):
        turn = np.pi * 2.0**k
        fade = np.exp(-0.5 * turn**2 * var)
        parts += [fade * np.sin(turn * u), fade * np.cos(turn * u)]
    return np.concatenate(parts, axis=1)
