"""The specification of ``distortion`` in NumPy: plain double loops, any precision."""

from __future__ import annotations

import numpy as np


def distortion(starts, ends, weights, packed_info) -> np.ndarray:
    """Arguments as in ``jnerf.ops.distortion``, as arrays; returns [R].

    >>> distortion(np.array([0.0]), np.array([0.3]), np.array([1.0]), np.array([[0, 1]])).round(6).tolist()
    [0.1]
    """
    found = np.zeros(len(packed_info), weights.dtype)
    middles, widths = (starts + ends) / 2, ends - starts
    for ray, (first, count) in enumerate(packed_info):
        rows = range(first, first + count)
        for i in rows:
            found[ray] += weights[i] ** 2 * widths[i] / 3
            for j in rows:
                found[ray] += weights[i] * weights[j] * abs(middles[i] - middles[j])
    return found
