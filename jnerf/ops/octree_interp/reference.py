"""The specification of ``octree_interp`` in NumPy: loops over samples, levels and corners, in the table's precision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jnerf.ops.octree_interp.layout import Octree, morton


class Corner(NamedTuple):
    """One corner around a sample: its row, its weight, and the weight's first [3] and second [3, 3] derivatives."""

    row: int
    weight: float
    slopes: np.ndarray
    curves: np.ndarray


def corners(position: np.ndarray, tree: Octree, lod: int) -> Iterator[Corner]:
    """The eight corners of the voxel that holds a position at a level; none where there is no voxel."""
    if not ((position >= 0) & (position <= 1)).all():
        return
    n = 2 ** (tree.base + lod)
    cell = np.minimum((position * n).astype(int), n - 1)
    voxels = tree.codes[tree.base + lod]
    code = morton(cell[None])[0]
    if code not in voxels:
        return
    upper = position * n - cell
    for c in range(8):
        bits = np.array([c >> k & 1 for k in range(3)])
        key = ((cell + bits) * [1, n + 1, (n + 1) ** 2]).sum()
        row = np.searchsorted(tree.vertices[lod], key) + tree.row_starts[lod]
        w, sign = np.where(bits, upper, 1 - upper), np.where(bits, n, -n)
        slopes = np.array([sign[d] * np.prod(np.delete(w, d)) for d in range(3)])
        curves = np.zeros((3, 3))
        for d in range(3):
            for e in range(3):
                if d != e:
                    curves[d, e] = sign[d] * sign[e] * w[3 - d - e]
        yield Corner(row, np.prod(w), slopes, curves)


def octree_interp(positions, table, tree: Octree, n_levels=None, apart=False) -> np.ndarray:
    """Features, [S, F] or apart [L, S, F]; arguments as in ``jnerf.ops.octree_interp``, as arrays."""
    n_levels = tree.n_levels if n_levels is None else n_levels
    out = np.zeros((n_levels, len(positions), table.shape[1]), table.dtype)
    for lod in range(n_levels):
        for i, position in enumerate(positions):
            for corner in corners(position, tree, lod):
                out[lod, i] += corner.weight * table[corner.row]
    return out if apart else out.sum(0)


def octree_interp_grad(positions, table, tree: Octree, grad, n_levels=None, apart=False):
    """Gradients by positions [S, 3] and table, given that of the features."""
    n_levels = tree.n_levels if n_levels is None else n_levels
    grads = np.zeros((len(positions), 3), table.dtype), np.zeros_like(table)
    for lod in range(n_levels):
        for i, position in enumerate(positions):
            g = grad[lod, i] if apart else grad[i]
            for corner in corners(position, tree, lod):
                grads[0][i] += corner.slopes * (g @ table[corner.row])
                grads[1][corner.row] += corner.weight * g
    return grads


def octree_pull(positions, table, v, tree: Octree, n_levels=None, apart=False) -> np.ndarray:
    """Gradient by position of v . features, [S, 3]."""
    return octree_interp_grad(positions, table, tree, v, n_levels, apart)[0]


def octree_pull_grad(positions, table, v, tree: Octree, g, n_levels=None, apart=False):
    """Gradients by positions, table and v, given that of ``octree_pull``'s result, g [S, 3]."""
    n_levels = tree.n_levels if n_levels is None else n_levels
    grads = np.zeros_like(g), np.zeros_like(table), np.zeros_like(v)
    for lod in range(n_levels):
        for i, position in enumerate(positions):
            at = (lod, i) if apart else i
            for corner in corners(position, tree, lod):
                along = corner.slopes @ g[i]
                grads[0][i] += (v[at] @ table[corner.row]) * (g[i] @ corner.curves)
                grads[1][corner.row] += along * v[at]
                grads[2][at] += along * table[corner.row]
    return grads


def octree_kept(values, positions, tree: Octree) -> np.ndarray:
    """Values of the positions that a leaf holds, 0 of the others, [S]."""
    last = tree.n_levels - 1
    inside = [any(True for _ in corners(position, tree, last)) for position in positions]
    return np.where(np.array(inside, bool), values, 0).astype(values.dtype)
