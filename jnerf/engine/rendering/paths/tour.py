"""In which order to visit cameras: few that are spread over all, and a short way past them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jnerf.engine.rendering.paths import quaternions

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def distances(c2w: Floats) -> Floats:
    """How far cameras are from one another, [N, N]: moving by the capture's extent counts as turning by a radian.

    Args:
        c2w: poses, [N, 3, 4].
    """
    positions = c2w[:, :, 3]
    extent = np.sqrt(((positions - positions.mean(axis=0)) ** 2).sum(axis=1).mean())
    moved = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    q = quaternions.from_matrices(c2w[:, :, :3])
    turned = 2 * np.arccos(np.clip(np.abs(q @ q.T), 0, 1))
    np.fill_diagonal(turned, 0)
    return moved / max(extent, 1e-12) * (extent > 0) + turned


def spread(away: Floats, wanted: int, least: float = 0.0) -> Indices:
    """Indices of points that are far from one another: from the first on, always the one farthest from those chosen.

    Args:
        away: distances, [N, N].
        wanted: how many.
        least: points no farther than this from a chosen one are left out.

    Returns:
        int [up to ``wanted``], the first being 0.
    """
    chosen = [0]
    nearest = away[0].copy()
    while len(chosen) < min(wanted, len(away)):
        i = int(nearest.argmax())
        if nearest[i] <= least:
            break
        chosen.append(i)
        nearest = np.minimum(nearest, away[i])
    return np.array(chosen)


def short_tour(away: Floats, closed: bool) -> Indices:
    """An order of all points that makes the way past them short: nearest neighbours, then exchanges that shorten it.

    An exchange turns a part of the tour round (2-opt). The result is no longer than that of any single exchange; the
    shortest tour of all may still be a little shorter.

    Args:
        away: distances, [N, N].
        closed: whether the way goes back to the first.
    """
    n = len(away)
    tour = [0]
    left = set(range(1, n))
    while left:
        tour.append(min(left, key=lambda i: (away[tour[-1], i], i)))
        left.remove(tour[-1])
    order = np.array(tour)
    while (better := _exchange(away, order, closed)) is not None:
        order = better
    return order


def _exchange(away: Floats, order: Indices, closed: bool) -> Indices | None:
    """The tour after the exchange that shortens it most; None if none does."""
    n = len(order)
    best, found = -1e-12, None
    for i in range(n):
        for j in range(i + 1, n):
            gain = _change(away, order, i, j, closed)
            if gain < best:
                best, found = gain, (i, j)
    if found is None:
        return None
    i, j = found
    return np.concatenate([order[:i], order[i : j + 1][::-1], order[j + 1 :]])


def _change(away: Floats, order: Indices, i: int, j: int, closed: bool) -> float:
    """By how much the tour grows when its part from i to j is turned round."""
    n = len(order)
    if closed and i == 0 and j == n - 1:
        return 0.0
    change = 0.0
    if closed or i > 0:
        change += away[order[i - 1], order[j]] - away[order[i - 1], order[i]]
    if closed or j < n - 1:
        after = order[(j + 1) % n]
        change += away[order[i], after] - away[order[j], after]
    return change
