"""The specification of ``octree_march`` in NumPy: every ray against every leaf, in float64."""

from __future__ import annotations

import numpy as np

from jnerf.ops.common.random import uniform
from jnerf.ops.octree_interp.layout import Octree


def leaf_intervals(o, d, tree: Octree, aabb, near, far) -> np.ndarray:
    """(t_in, t_out, leaf) of the leaves that one ray crosses for more than a point, in order, float64 [K, 3].

    >>> from jnerf.ops.octree_interp import dense_octree
    >>> leaf_intervals([0.2, -1, 0.2], [0, 1, 0], dense_octree(1, 0), (0, 0, 0, 1, 1, 1), 0, 9).tolist()
    [[1.0, 1.5, 0.0], [1.5, 2.0, 2.0]]
    """
    o, d, aabb = (np.asarray(a, np.float64) for a in (o, d, aabb))
    low = aabb[:3] + tree.leaf_cells() / 2**tree.depth * (aabb[3:] - aabb[:3])
    high = low + (aabb[3:] - aabb[:3]) / 2**tree.depth
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (low - o) / d, (high - o) / d
    still = d == 0  # half open, as the voxels are
    within = (low <= o) & ((o < high) | ((high == aabb[3:]) & (o == high)))
    enters = np.where(still, np.where(within, -np.inf, np.inf), np.minimum(a, b)).max(1)
    leaves = np.where(still, np.where(within, np.inf, -np.inf), np.maximum(a, b)).min(1)
    enters, leaves = np.maximum(enters, near), np.minimum(leaves, far)
    hit = np.flatnonzero(leaves > enters)
    hit = hit[np.argsort(enters[hit], kind="stable")]
    return np.stack([enters[hit], leaves[hit], hit], axis=1)


def octree_march(
    o,
    d,
    tree: Octree,
    aabb,
    near,
    far,
    ray=0,
    per_leaf=1,
    length=None,
    max_steps=1024,
    seed=0,
    step=None,
    t_in=None,
) -> np.ndarray:
    """(t_start, t_end, leaf) of the samples of one ray, number ``ray``, that enters the box at ``t_in``, [K, 3]."""
    found = []
    for t0, t1, leaf in leaf_intervals(o, d, tree, aabb, near, far):
        if length is not None:
            u = 0.5 if step is None else uniform(seed, step, ray, 0)
            first = np.ceil((t0 - t_in) / length - u)
            points = t_in + (np.arange(first, np.ceil((t1 - t_in) / length - u)) + u) * length
            found += [(t - length / 2, t + length / 2, leaf) for t in points]
            continue
        u = np.full(per_leaf, 0.5)
        if step is not None:
            u = uniform(seed, step, ray, len(found) + np.arange(per_leaf)).astype(np.float64)
        inner = t0 + (np.arange(1, per_leaf) + u[:-1] - 0.5) * ((t1 - t0) / per_leaf)
        edges = [t0, *inner, t1]
        found += [(a, b, leaf) for a, b in zip(edges[:-1], edges[1:], strict=True)]
    return np.array(found[:max_steps]).reshape(-1, 3)
