"""The specification of ``plane_interp`` in NumPy, in any precision: loops over scales, planes and corners."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from jnerf.ops.plane_interp.layout import AXES, PlaneLayout


def _corners(positions, layout: PlaneLayout, scale: int, plane: int) -> Iterator[tuple]:
    """(rows [S], weights [S], their derivatives by position [S, 3]) of the four corners of each position's cell."""
    g = layout.resolutions[scale]
    at = np.clip(positions, 0, 1) * (g - 1)
    cell = np.minimum(np.where(np.isnan(at), 0, at).astype(np.int64), g - 2)
    t = at - cell
    slope = np.where((positions < 0) | (positions > 1), 0.0, g - 1.0)
    a, b = AXES[plane]
    for up_b in (0, 1):
        for up_a in (0, 1):
            w_a = t[:, a] if up_a else 1 - t[:, a]
            w_b = t[:, b] if up_b else 1 - t[:, b]
            slopes = np.zeros_like(positions)
            slopes[:, a] = slope[:, a] * w_b * (1 if up_a else -1)
            slopes[:, b] = slope[:, b] * w_a * (1 if up_b else -1)
            rows = layout.first_row(scale, plane) + (cell[:, b] + up_b) * g + cell[:, a] + up_a
            yield rows, w_a * w_b, slopes


def _looks(positions, table, layout: PlaneLayout, scale: int) -> np.ndarray:
    """What the three planes of a scale say, [3, S, F]."""
    out = np.zeros((3, len(positions), layout.n_features), table.dtype)
    for plane in range(3):
        for rows, weights, _ in _corners(positions, layout, scale, plane):
            out[plane] += weights[:, None] * table[rows]
    return out


def _factors(values, grad, combine: str) -> np.ndarray:
    """The gradient by what each plane says, [3, S, F], given that by the combination, [S, width]."""
    if combine == "product":
        return (
            np.stack([values[1] * values[2], values[0] * values[2], values[0] * values[1]]) * grad
        )
    if combine == "concat":
        return np.stack(np.split(grad, 3, axis=1))
    return np.stack([grad] * 3) / (3 if combine == "mean" else 1)


def plane_interp(positions, table, layout: PlaneLayout) -> np.ndarray:
    """Features [groups, S, width] of positions [S, 3]; table [n_rows, F]."""
    out = np.zeros((layout.groups, len(positions), layout.width), table.dtype)
    for scale in range(len(layout.resolutions)):
        values = _looks(positions, table, layout, scale)
        combined = {
            "product": lambda v: v.prod(0),
            "sum": lambda v: v.sum(0),
            "mean": lambda v: v.mean(0),
            "concat": lambda v: np.concatenate(list(v), axis=1),
        }[layout.combine](values)
        out[0 if layout.summed else scale] += combined
    return out


def plane_interp_grad(positions, table, layout: PlaneLayout, grad) -> tuple[np.ndarray, np.ndarray]:
    """Gradients for positions [S, 3] and table, given those of the features, [groups, S, width]."""
    grad_positions, grad_table = np.zeros_like(positions), np.zeros_like(table)
    for scale in range(len(layout.resolutions)):
        of_scale = grad[0 if layout.summed else scale]
        values = _looks(positions, table, layout, scale)
        factors = _factors(values, of_scale, layout.combine)
        for plane in range(3):
            for rows, weights, slopes in _corners(positions, layout, scale, plane):
                np.add.at(grad_table, rows, weights[:, None] * factors[plane])
                grad_positions += slopes * (table[rows] * factors[plane]).sum(1, keepdims=True)
    return grad_positions, grad_table
