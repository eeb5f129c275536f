"""The specification of ``interlevel`` and ``interlevel_blurred`` in NumPy: plain loops, any precision."""

from __future__ import annotations

import numpy as np


def overlap(start, end, low, high) -> bool:
    """Whether a bin overlaps the interval [low, high]; of one without length, whether it holds the point."""
    return (start < high and end > low) if high > low else start <= low <= end


def interlevel(starts, ends, weights, packed_info, field, field_packed, eps) -> np.ndarray:
    """Arguments as in ``jnerf.ops.interlevel``, as arrays; returns [R].

    >>> bins = np.array([0.0, 0.5]), np.array([0.5, 1.0])
    >>> one, two = np.array([[0, 1]]), np.array([[0, 2]])
    >>> interlevel(*bins, np.array([0.5, 0.25]), two, (np.zeros(1), np.ones(1), np.ones(1)), one, 0.0).tolist()
    [0.0625]
    """
    found = np.zeros(len(packed_info), weights.dtype)
    for ray, ((first, count), (f_first, f_count)) in enumerate(
        zip(packed_info, field_packed, strict=True)
    ):
        for i in range(f_first, f_first + f_count):
            low, high, w = (values[i] for values in field)
            bound = sum(
                weights[k]
                for k in range(first, first + count)
                if overlap(starts[k], ends[k], low, high)
            )
            found[ray] += max(0, w - bound) ** 2 / (w + eps)
    return found


def blurred_cdf(x, edges, weights, radius) -> np.ndarray:
    """Share of a histogram, blurred by a box of half-width ``radius``, that lies below each x.

    With C the histogram's own, a broken line, it is the mean of C over [x - radius, x + radius]: a difference of C's
    integral, pieces of parabolas.
    """
    below = np.concatenate([[0], np.cumsum(weights)])
    if radius == 0:
        return np.interp(x, edges, below)
    area = np.concatenate([[0], np.cumsum(np.diff(edges) * (below[1:] + below[:-1]) / 2)])

    def integral(at):
        inside = np.clip(at, edges[0], edges[-1])
        i = np.clip(np.searchsorted(edges, inside, "right") - 1, 0, len(weights) - 1)
        width = edges[i + 1] - edges[i]
        part = np.where(width > 0, (inside - edges[i]) / np.where(width > 0, width, 1), 1)
        return (
            area[i]
            + part * width * (below[i] + part * weights[i] / 2)
            + np.maximum(at - edges[-1], 0) * below[-1]
        )

    return (integral(x + radius) - integral(x - radius)) / (2 * radius)


def interlevel_blurred(
    starts, ends, weights, packed_info, field, field_packed, radius, eps
) -> np.ndarray:
    """Arguments as in ``jnerf.ops.interlevel_blurred``, as arrays; returns [R]."""
    found = np.zeros(len(packed_info), weights.dtype)
    for ray, ((first, count), (f_first, f_count)) in enumerate(
        zip(packed_info, field_packed, strict=True)
    ):
        wanted = np.zeros(count)
        if count and f_count:
            rows = slice(f_first, f_first + f_count)
            f_edges = np.append(field[0][rows], field[1][f_first + f_count - 1])
            edges = np.append(starts[first : first + count], ends[first + count - 1])
            wanted = np.diff(blurred_cdf(edges, f_edges, field[2][rows], radius))
        for k in range(count):
            w = weights[first + k]
            found[ray] += max(0, wanted[k] - w) ** 2 / (w + eps)
    return found
