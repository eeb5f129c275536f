"""The specification of ``hash_encode_gradient`` in NumPy, in any precision."""

from __future__ import annotations

import numpy as np

from jnerf.ops.hash_encode.layout import HashGridLayout
from jnerf.ops.hash_encode.reference import corners


def hash_encode_gradient(
    positions: np.ndarray,
    table: np.ndarray,
    v: np.ndarray,
    layout: HashGridLayout,
    smoothstep: bool = False,
) -> np.ndarray:
    """Gradient by position, [S, D], of v . features; positions [S, D], table [rows, F], v [L, S, F]."""
    out = np.zeros_like(positions)
    for level in range(layout.n_levels):
        for corner in corners(positions, layout, level, smoothstep):
            out += corner.slopes * (table[corner.rows] * v[level]).sum(axis=1, keepdims=True)
    return out


def hash_encode_gradient_grad(
    positions: np.ndarray,
    table: np.ndarray,
    v: np.ndarray,
    layout: HashGridLayout,
    g: np.ndarray,
    smoothstep: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients for positions [S, D], table [rows, F] and v [L, S, F], given that of the result, g [S, D]."""
    grads = np.zeros_like(positions), np.zeros_like(table), np.zeros_like(v)
    for level in range(layout.n_levels):
        for corner in corners(positions, layout, level, smoothstep):
            along = (corner.slopes * g).sum(axis=1, keepdims=True)
            dots = (table[corner.rows] * v[level]).sum(axis=1, keepdims=True)
            grads[0][:] += dots * np.einsum("sd,sde->se", g, corner.curves)
            np.add.at(grads[1], corner.rows, along * v[level])
            grads[2][level] += along * table[corner.rows]
    return grads
