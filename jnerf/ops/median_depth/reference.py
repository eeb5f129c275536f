"""The specification of ``median_depth`` in NumPy."""

from __future__ import annotations

import numpy as np


def median_depth(weights, t_starts, t_ends, packed_info, factors=None) -> np.ndarray:
    """Arguments as in ``jnerf.ops.median_depth``, as arrays; returns [R, 1].

    >>> ends = np.array([1.0, 2.0, 900.0])
    >>> median_depth(np.array([0.0, 0.8, 0.1]), ends - 1, ends, np.array([[0, 3]])).round(4).tolist()
    [[1.5625]]
    """
    found = np.zeros((len(packed_info), 1), weights.dtype)
    for ray, (first, count) in enumerate(packed_info):
        rows = slice(first, first + count)
        half, below = weights[rows].sum() / 2, 0.0
        for w, start, end in zip(weights[rows], t_starts[rows], t_ends[rows], strict=True):
            if w > 0 and below + w >= half:
                found[ray] = start + (half - below) / w * (end - start)
                break
            below += w
    return found if factors is None else found * factors
