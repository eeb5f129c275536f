"""The specification of ``factor_interp`` in NumPy: a loop over samples, one table after the other, float64."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: Axes of the plane and of the line of each mode.
SPLITS = (((0, 1), 2), ((0, 2), 1), ((1, 2), 0))


def _weights(x: float, n: int) -> np.ndarray:
    """What each of the n vertices of an axis weighs at a coordinate."""
    if np.isnan(x):
        return np.full(n, np.nan)
    return np.maximum(1 - np.abs(np.clip(x, 0, 1) * (n - 1) - np.arange(n)), 0)


def vm_interp(positions, planes: Sequence, lines: Sequence, summed: bool = False) -> np.ndarray:
    """See ``jnerf.ops.factor_interp``: [S], or rows [S, C]."""
    rows = []
    for x in np.asarray(positions, np.float64):
        row = []
        for ((a, b), c), plane, line in zip(SPLITS, planes, lines, strict=True):
            along_b, along_a = _weights(x[b], plane.shape[0]), _weights(x[a], plane.shape[1])
            on_plane = np.einsum("b,a,baf->f", along_b, along_a, np.asarray(plane, np.float64))
            row.append(on_plane * (_weights(x[c], len(line)) @ np.asarray(line, np.float64)))
        rows.append(np.concatenate(row))
    width = sum(line.shape[1] for line in lines)
    return _finished(np.array(rows).reshape(-1, width), summed)


def cp_interp(positions, lines: Sequence, summed: bool = False) -> np.ndarray:
    """See ``jnerf.ops.factor_interp``: [S], or rows [S, C]."""
    rows = [
        np.prod(
            [
                _weights(u, len(line)) @ np.asarray(line, np.float64)
                for u, line in zip(x, lines, strict=True)
            ],
            axis=0,
        )
        for x in np.asarray(positions, np.float64)
    ]
    return _finished(np.array(rows).reshape(-1, lines[0].shape[1]), summed)


def _finished(rows: np.ndarray, summed: bool) -> np.ndarray:
    return rows.sum(axis=1) if summed else rows
