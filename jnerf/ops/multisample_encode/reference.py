"""The specification of ``multisample_encode`` in NumPy, in any precision."""

from __future__ import annotations

import numpy as np

from jnerf.ops.hash_encode import HashGridLayout
from jnerf.ops.hash_encode import reference as hashed


def level_weights(widths: np.ndarray, cells: float) -> np.ndarray:
    """What points of these widths count on a level: erf(1 / (sqrt8 sigma N)), by sqrt(1 - exp(-4 x^2 / pi)).

    >>> level_weights(np.array([0.0, np.inf]), 16).tolist()
    [1.0, 0.0]
    """
    with np.errstate(divide="ignore"):
        x = 1 / (np.sqrt(8) * widths * cells)
    return np.sqrt(-np.expm1(-4 / np.pi * np.minimum(x, 10) ** 2))


def multisample_encode(points, widths, table, layout: HashGridLayout, sizes=None, factor=1.0):
    """Points [P, S, 3], widths [P, S], table [rows, F] and sizes [L] -> [L, S, F or F + 1]."""
    found = np.stack([hashed.hash_encode(x, table, layout) for x in points])  # [P, L, S, F]
    weights = np.stack([level_weights(widths, cells) for cells in layout.scales], 1)  # [P, L, S]
    out = (weights[..., None] * found).mean(0) * factor
    if sizes is None:
        return out
    left = factor * (2 * weights.mean(0) - 1) * np.asarray(sizes)[:, None]
    return np.concatenate([out, left[..., None]], 2)


def multisample_grad(points, widths, table, layout: HashGridLayout, grad_out, factor=1.0):
    """Gradients for points and table, given that of the output [L, S, F or more]."""
    grad_points, grad_table = np.zeros_like(points), np.zeros_like(table)
    of_features = grad_out[..., : layout.n_features]
    for j, (x, width) in enumerate(zip(points, widths, strict=True)):
        weights = np.stack([level_weights(width, cells) for cells in layout.scales])
        grad = of_features * (weights * factor / len(points))[..., None]
        of_x, of_table = hashed.hash_encode_grad(x, table, layout, grad)
        grad_points[j] = of_x
        grad_table += of_table
    return grad_points, grad_table
