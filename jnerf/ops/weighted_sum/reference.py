"""The specification of ``weighted_sum`` in NumPy."""

from __future__ import annotations

import numpy as np


def weighted_sum(arrays, weights, live=None) -> float:
    """As ``jnerf.ops.weighted_sum``, in double."""
    total = sum(w * np.sum(a, dtype=np.float64) for a, w in zip(arrays, weights, strict=True))
    return float(total if live is None else total / np.mean(live, dtype=np.float64))
