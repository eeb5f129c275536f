"""The specification of ``step_widen`` in NumPy, one ray after the other."""

from __future__ import annotations

import numpy as np


def step_widen(starts, ends, weights, n_rays, by) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Arguments as in ``jnerf.ops.step_widen``, as arrays; returns starts, ends and weights."""
    found, rows = [], (n_rays, len(starts) // max(n_rays, 1))
    arrays = (v.reshape(rows) for v in (starts, ends, weights))
    for start, end, weight in zip(*arrays, strict=True):
        width = end - start
        density = np.where(width > 0, weight / np.where(width > 0, width, 1), 0)
        edges = np.sort(np.concatenate([start, end[-1:], start - by, end + by])).clip(0, 1)
        covers = (start - by <= edges[:-1, None]) & (end + by > edges[:-1, None])
        wider = np.where(covers, density, 0).max(1) * np.diff(edges)
        wider = wider / wider.sum() if wider.sum() > 0 else wider
        found.append((edges[1:-2], edges[2:-1], wider[1:-1]))
    columns = zip(*found, strict=True) if found else [[np.zeros(0)]] * 3
    return tuple(np.concatenate(column) for column in columns)
