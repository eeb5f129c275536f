"""The specification of ``hash_encode`` in NumPy, in any precision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

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


class Corner(NamedTuple):
    """One corner of the cells of S samples on one level.

    Attributes:
        rows: of the table, int64 [S].
        weights: [S].
        slopes: first derivatives of the weights by position, [S, D].
        curves: second derivatives, [S, D, D].
    """

    rows: np.ndarray
    weights: np.ndarray
    slopes: np.ndarray
    curves: np.ndarray


def corners(
    positions: np.ndarray, layout: HashGridLayout, level: int, smoothstep: bool
) -> Iterator[Corner]:
    """The 2^D corners of each sample's cell."""
    scale, n_dims = positions.dtype.type(layout.scales[level]), layout.n_dims
    half = positions.dtype.type(0.5)
    edge = half / scale if layout.centred else 0 * half
    p = np.clip(positions, edge, 1 - edge) * scale + (-half if layout.centred else half)
    cell = np.floor(np.maximum(p, 0))
    t = p - cell
    # of the upper vertex along each axis: the weight and its derivatives
    upper = t * t * (3 - 2 * t) if smoothstep else t
    slope = scale * (6 * t * (1 - t) if smoothstep else np.ones_like(t))
    curve = scale * scale * (6 - 12 * t if smoothstep else np.zeros_like(t))
    if layout.centred:  # beyond the outermost vertices features are constant
        flat = (positions < edge) | (positions > 1 - edge)
        slope, curve = np.where(flat, 0, slope), np.where(flat, 0, curve)
    for corner in np.ndindex(*(2,) * n_dims):
        up = np.array(corner, dtype=bool)
        # the corner's factor along each axis, and its first and second derivative, [S, D] each
        factors = [np.where(up, upper, 1 - upper), np.where(up, slope, -slope)]
        factors.append(np.where(up, curve, -curve))

        def derivative(*axes: int, factors: list[np.ndarray] = factors) -> np.ndarray:
            """The weight's derivative by some axes, [S]."""
            return np.prod([factors[axes.count(d)][:, d] for d in range(n_dims)], axis=0)

        slopes = np.stack([derivative(d) for d in range(n_dims)], axis=1)
        curves = [[derivative(d, e) for e in range(n_dims)] for d in range(n_dims)]
        rows = _rows(layout, level, cell.astype(np.int64) + up)
        yield Corner(rows, derivative(), slopes, np.moveaxis(np.array(curves), -1, 0))


def hash_encode(
    positions: np.ndarray, table: np.ndarray, layout: HashGridLayout, smoothstep: bool = False
) -> np.ndarray:
    """Features of positions; positions [S, D] in [0, 1], table [rows, F]; returns [L, S, F]."""
    out = np.zeros((layout.n_levels, len(positions), layout.n_features), dtype=table.dtype)
    for level in range(layout.n_levels):
        for corner in corners(positions, layout, level, smoothstep):
            out[level] += corner.weights[:, None] * table[corner.rows]
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
        for corner in corners(positions, layout, level, smoothstep):
            np.add.at(grad_table, corner.rows, corner.weights[:, None] * grad_out[level])
            dots = (table[corner.rows] * grad_out[level]).sum(axis=1, keepdims=True)
            grad_positions += corner.slopes * dots
    return grad_positions, grad_table
