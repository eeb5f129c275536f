"""The specification of ``hash_encode`` in NumPy, in any precision."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from jnerf.ops.hash_encode.layout import HashGridLayout

_PRIMES = np.array([1, 2654435761, 805459861], dtype=np.uint64)


def _rows(layout: HashGridLayout, level: int, vertices: np.ndarray) -> np.ndarray:
    """Table rows of integer vertices [S, D] on one level (dense index or spatial hash, modulo the rows)."""
    v = vertices.astype(np.uint64)
    if layout.dense[level]:
        strides = np.uint64(layout.resolutions[level]) ** np.arange(layout.n_dims, dtype=np.uint64)
        index = (v * strides).sum(axis=1)
    else:
        index = np.bitwise_xor.reduce(v * _PRIMES[: layout.n_dims] & np.uint64(0xFFFFFFFF), axis=1)
    return (index % np.uint64(layout.rows[level])).astype(np.int64) + layout.offsets[level]


def _corners(
    positions: np.ndarray, layout: HashGridLayout, level: int, smoothstep: bool
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each of the 2^D corners: rows [S], weights [S] and their derivatives by position [S, D]."""
    scale = positions.dtype.type(layout.scales[level])
    p = np.clip(positions, 0, 1) * scale + positions.dtype.type(0.5)
    cell = np.floor(p)
    t = p - cell
    slope = scale * (6 * t * (1 - t) if smoothstep else np.ones_like(t))
    upper = t * t * (3 - 2 * t) if smoothstep else t
    for corner in np.ndindex(*(2,) * layout.n_dims):
        up = np.array(corner, dtype=bool)
        factors = np.where(up, upper, 1 - upper)
        slopes = np.where(up, slope, -slope)
        others = [np.delete(factors, d, axis=1).prod(axis=1) for d in range(layout.n_dims)]
        rows = _rows(layout, level, cell.astype(np.int64) + up)
        yield rows, factors.prod(axis=1), slopes * np.stack(others, axis=1)


def hash_encode(
    positions: np.ndarray, table: np.ndarray, layout: HashGridLayout, smoothstep: bool = False
) -> np.ndarray:
    """Features of positions; positions [S, D] in [0, 1], table [rows, F]; returns [L, S, F]."""
    out = np.zeros((layout.n_levels, len(positions), layout.n_features), dtype=table.dtype)
    for level in range(layout.n_levels):
        for rows, weights, _ in _corners(positions, layout, level, smoothstep):
            out[level] += weights[:, None] * table[rows]
    return out


def hash_encode_grad(
    positions: np.ndarray,
    table: np.ndarray,
    layout: HashGridLayout,
    grad_out: np.ndarray,
    smoothstep: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Gradients for positions [S, D] and table [rows, F], given those of the output [L, S, F]."""
    grad_positions = np.zeros_like(positions)
    grad_table = np.zeros_like(table)
    for level in range(layout.n_levels):
        for rows, weights, slopes in _corners(positions, layout, level, smoothstep):
            np.add.at(grad_table, rows, weights[:, None] * grad_out[level])
            grad_positions += slopes * (table[rows] * grad_out[level]).sum(axis=1, keepdims=True)
    return grad_positions, grad_table
