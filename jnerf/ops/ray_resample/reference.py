"""The specification of ``ray_resample`` in NumPy."""

from __future__ import annotations

import numpy as np

from jnerf.ops.common.pack import pack_counts
from jnerf.ops.common.random import uniform


def blurred(weights: np.ndarray) -> np.ndarray:
    """The mean of the larger of each pair of neighbours, [n]; beyond the ends the last weight goes on."""
    padded = np.concatenate([weights[:1], weights, weights[-1:]])
    larger = np.maximum(padded[:-1], padded[1:])
    return 0.5 * (larger[:-1] + larger[1:])


def ray_resample(
    t_starts,
    t_ends,
    weights,
    packed_info,
    n,
    merge=False,
    blur=False,
    padding=0.0,
    seed=0,
    step=None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Arguments as in ``jnerf.ops.ray_resample``, as arrays; returns t_starts, t_ends and packed_info."""
    starts, ends, counts = [], [], []
    for ray, (first, count) in enumerate(packed_info):
        counts.append(0 if count == 0 else n + (count if merge else 0))
        if count == 0:
            continue
        rows = slice(first, first + count)
        edges = np.append(t_starts[rows], t_ends[first + count - 1])
        w = weights[rows].astype(np.float64)
        w = (blurred(w) if blur else w) + padding
        w = w if w.sum() > 0 else np.ones(count)
        cdf = np.append(0, np.cumsum(w)) / w.sum()
        n_points = n if merge else n + 1
        u = np.full(n_points, 0.5)
        if step is not None:
            u = uniform(seed, step, ray, np.arange(n_points))
        points = np.interp((np.arange(n_points) + u) / n_points, cdf, edges)
        new = np.sort(np.concatenate([edges, points])) if merge else points
        starts.append(new[:-1])
        ends.append(new[1:])
    nothing = np.zeros(0)
    return (
        np.concatenate([nothing, *starts]),
        np.concatenate([nothing, *ends]),
        pack_counts(counts)[0],
    )
