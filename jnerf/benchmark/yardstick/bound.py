"""The bound: what plain code does for the work that no training step of Instant-NGP can avoid.

A trained sample costs one lookup in the hash grid, one scatter of its gradient, two small MLPs forward and backward,
and its share of one Adam update. Lookup, scatter and dense Adam are timed with plain multi-threaded loops (``cpu.h``,
``cuda.h``), on the same inputs and in the same run as the ops; the MLPs are their operations divided by the peak of
arithmetic measured there, forward once and backward twice. The sum is the bound, in ns per trained sample. It has no
marching, no compositing, no occupancy grid and no idle time, and its loops use no trick: an op may be faster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from typing import Any, TypeVar

import jittor as jt

from jnerf.benchmark.kernel_clock import KernelClock
from jnerf.benchmark.stats import rounded
from jnerf.benchmark.yardstick import run
from jnerf.benchmark.yardstick.ceilings import Ceilings
from jnerf.ops.hash_encode import HashGridLayout
from jnerf.ops.mlp import n_params

_T = TypeVar("_T")
#: Samples of a training step of the paper, over which one Adam update is spread.
STEP_SAMPLES = 2**18
#: Layers of the paper's density and colour networks.
TRUNK, HEAD = (32, 64, 16), (32, 64, 64, 16)

_PARTS = ("hash forward", "hash backward", "both MLPs, forward and backward", "Adam")


def mlp_flop(widths: tuple[int, ...], skip: int | None = None) -> int:
    """Operations of one forward pass, two per weight.

    >>> mlp_flop((32, 64, 16))
    6144
    """
    return 2 * n_params(widths, skip=skip)


@dataclass(frozen=True)
class Bound:
    """ns per trained sample of each part."""

    hash_forward: float
    hash_backward: float
    mlps: float
    adam: float

    def least(self, other: Bound) -> Bound:
        """The smaller of each part: of two measurements at different moments, the less disturbed."""
        return Bound(*map(min, astuple(self), astuple(other)))

    @property
    def total(self) -> float:
        """ns per trained sample."""
        return self.hash_forward + self.hash_backward + self.mlps + self.adam


def measure_bound(positions: jt.Var, ceilings: Ceilings, repeats: int = 5) -> Bound:
    """Times the yardsticks; the least of the repeats counts, so that other work on the machine raises no bound.

    Args:
        positions: float32 [S, 3] in [0, 1], as in training.
        ceilings: of this run.
        repeats: of each loop.
    """
    forward, backward, adam = time_loops(positions, repeats, _least_ns)
    n = positions.shape[0]
    mlps = 3 * (mlp_flop(TRUNK) + mlp_flop(HEAD)) / ceilings.best_gflop_s
    return Bound(forward / n, backward / n, mlps, adam / STEP_SAMPLES)


def time_loops(
    positions: jt.Var, repeats: int, clock: Callable[[Callable[[], object], int], _T]
) -> tuple[_T, _T, _T]:
    """What ``clock`` says of lookup, scatter and dense Adam.

    Args:
        positions: float32 [S, 3] in [0, 1].
        repeats: of each loop.
        clock: gets a loop and ``repeats``.
    """
    layout, n = HashGridLayout(), positions.shape[0]
    scales, meta = jt.array(layout.scales), jt.array(layout.meta)
    state = [jt.zeros((2 * layout.n_rows,)) for _ in range(4)]
    grad = jt.ones((layout.n_levels, n, 2))
    table = jt.ones((layout.n_rows, 2))
    return (
        clock(lambda: run.hash_forward(positions, table, scales, meta, layout), repeats),
        clock(lambda: run.hash_backward(positions, grad, scales, meta, state[3]), repeats),
        clock(lambda: run.adam(state), repeats),
    )


def _least_ns(call: Callable[[], object], repeats: int) -> float:
    call()  # compiles
    times = []
    for _ in range(repeats):
        with KernelClock() as clock:
            call()
        times.append(clock.calls[0].seconds)
    return min(times) * 1e9


def bound_rows(bound: Bound, ours: Mapping[str, float | None], whole: str) -> list[dict[str, Any]]:
    """The rows of the schema: part, bound, ours, ratio; the sum of the parts last.

    Args:
        bound: what plain code needs.
        ours: ns per sample, by the names of ``Bound``; missing or None where not measured, and ``whole`` for the
            last row.
        whole: what the last row is.
    """
    fields = ("hash_forward", "hash_backward", "mlps", "adam")
    pairs = [
        (part, getattr(bound, name), ours.get(name))
        for part, name in zip(_PARTS, fields, strict=True)
    ]
    pairs.append((whole, bound.total, ours.get("whole")))
    return [
        {
            "part": part,
            "bound_ns": rounded(least),
            "ours_ns": None if found is None else rounded(found),
            "ratio": None if found is None else rounded(found / least),
        }
        for part, least, found in pairs
    ]
