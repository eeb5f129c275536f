"""A budget of samples for a batch of which there are several parts: the leading rays of the whole batch keep theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.ops.common.intervals import PackedIntervals

Tally = Callable[[Sequence[int]], tuple[NDArray[np.int64], int]]


def counted(
    placed: tuple[PackedIntervals, jt.Var | None, int],
    counts: Sequence[int],
    budget: int,
    tally: Tally,
) -> tuple[tuple[PackedIntervals, jt.Var | None, int], int, dict[str, int]]:
    """A training step's samples as all parts together keep them, and their numbers.

    Args:
        placed: samples of this part, their features, and how many of its leading rays have them.
        counts: of this part: samples that its rays would have without any limit, those looked at, wanted, kept.
        budget: most samples of the batch.
        tally: see ``Sampler.tally``.

    Returns:
        ``placed``, within the budget; of all parts, the first count; and the others by name.
    """
    table, _ = tally(counts)
    measured, looked, wanted, kept = table.sum(0).tolist()
    if len(table) > 1 and wanted > budget:
        *found, kept = within_budget(*placed[:2], budget, tally)
        placed = tuple(found)
    return placed, measured, {"looked": looked, "wanted": wanted, "kept": kept}


def within_budget(
    intervals: PackedIntervals, features: jt.Var | None, budget: int, tally: Tally
) -> tuple[PackedIntervals, jt.Var | None, int, int]:
    """What of this part's samples a budget for all parts leaves, as if one process had placed them all.

    Args:
        intervals: of the rays of this part; of all of them, or as far as the budget goes. The whole batch wants more
            than the budget.
        features: of the samples, [S, C] or [G, S, F]; or None.
        budget: most samples of the batch: the first ray that would exceed it and all behind it get none.
        tally: see ``Sampler.tally``.

    Returns:
        Samples and features; the leading rays of this part that belong to the batch still; the samples of all parts.
    """
    table, part = tally((intervals.wanted,))
    room = max(budget - int(table[:part].sum()), 0)
    ends = np.cumsum(intervals.packed_info.numpy()[:, 1], dtype=np.int64)
    ends = ends[: np.searchsorted(ends, room, side="right")]
    kept = int(ends[-1]) if len(ends) else 0
    if kept < len(intervals):
        intervals, features = _first(intervals, features, kept)
    of_all, _ = tally((kept,))
    leading = int(np.searchsorted(ends, kept)) + 1 if kept else 0
    if of_all[part + 1 :].any():  # rays without samples count too, in front of others
        leading = len(intervals.packed_info)
    return intervals, features, leading, int(of_all.sum())


def _first(
    intervals: PackedIntervals, features: jt.Var | None, n: int
) -> tuple[PackedIntervals, jt.Var | None]:
    """The first n samples, which are those of the leading rays; the others get none."""
    packed = intervals.packed_info.numpy()
    packed = np.where((packed.sum(1) <= n)[:, None], packed, np.array([[n, 0]], np.int32))
    found = replace(
        intervals,
        t_starts=intervals.t_starts[:n],
        t_ends=intervals.t_ends[:n],
        ray_indices=intervals.ray_indices[:n],
        packed_info=jt.array(packed.astype(np.int32)).stop_grad(),
        positions=None if intervals.positions is None else intervals.positions[:n],
    )
    return found, None if features is None else features[..., :n, :]
