"""What ops that place or filter samples return, and how their counts become sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jittor as jt

from jnerf.ops.common.code import code_op
from jnerf.runtime.kernels import foresight

INT_MAX = 2**31 - 1


@dataclass(frozen=True)
class PackedIntervals:
    """Packed sample intervals of R rays.

    Attributes:
        t_starts: interval starts, float32 [S].
        t_ends: interval ends, float32 [S].
        ray_indices: the ray of each interval, ascending, int32 [S].
        packed_info: (first, count) of each ray, int32 [R, 2].
        wanted: how many samples there would be without a budget; equals S when nothing was dropped.
        count: None; or, where rows behind the last ray are padding, how many are samples, int32 [1].
        positions: midpoints of the intervals, float32 [S, 3]; None where nobody has computed them.
        s_starts: the intervals in a normalised distance, float32 [S]; None where they were placed without one.
        s_ends: their ends in it.
    """

    t_starts: jt.Var
    t_ends: jt.Var
    ray_indices: jt.Var
    packed_info: jt.Var
    wanted: int
    count: jt.Var | None = None
    positions: jt.Var | None = None
    s_starts: jt.Var | None = None
    s_ends: jt.Var | None = None

    def __len__(self) -> int:
        return self.t_starts.shape[0]

    @staticmethod
    def empty(n_rays: int, wanted: int = 0, normalised: bool = False) -> PackedIntervals:
        """R rays without a sample."""
        nothing = jt.zeros((0,), "float32")
        s = (nothing.clone(), nothing.clone()) if normalised else (None, None)
        return PackedIntervals(
            nothing,
            nothing.clone(),
            jt.zeros((0,), "int32"),
            jt.zeros((n_rays, 2), "int32"),
            wanted,
            s_starts=s[0],
            s_ends=s[1],
        )


def check_budget(max_samples: int | None) -> int:
    """The capacity that a budget stands for; None is as many as int32 can number.

    Raises:
        ValueError: the budget is below 1 or above 2^31 - 1.
    """
    if max_samples is None:
        return INT_MAX
    if not 1 <= max_samples <= INT_MAX:
        raise ValueError(f"max_samples is {max_samples}; it must be None or in 1 .. 2^31 - 1")
    return max_samples


def read_totals(totals: jt.Var, max_samples: int | None, most: int = 1) -> tuple[int, int]:
    """Reads (kept, wanted) back from the device; this waits for the counting pass.

    Args:
        totals: int32 [2].
        max_samples: the budget; None: there is none.
        most: samples if no ray misses, which are told where nothing is run (``runtime.kernels.foresight``).

    Raises:
        ValueError: there is no budget, yet the samples are too many to be numbered.
    """
    if foresight.current is not None:
        return most, most
    kept, wanted = (int(x) for x in totals.numpy())
    if max_samples is None and kept != wanted:
        raise ValueError(
            f"more than {kept} samples in one call, 2^31 - 1 are the limit; pass fewer rays or max_samples"
        )
    return kept, wanted


# Outputs of a kernel that counts and writes in one go, into arrays with padding: starts, ends and rays of intervals,
# packed_info, the totals of ``pack_counts``, and the first of them.
_PADDED_DTYPES = ("float32", "float32", "int32", "int32", "int32", "int32")
_PAD = (
    " jnerf::pad_intervals(out3_p, out3->num / 2, out0->num, out0_p, out1_p, out2_p);"
    " jnerf::parallel_for(1, jnerf::FirstTotal{out4_p, out5_p});"
)


class IntervalOp:
    """An op that counts the intervals of each ray and then writes them.

    Args:
        name: its folder; its functions are ``<name>_count`` and ``<name>_write``.
        begin: C++ that begins the declaration of ``r``, up to its last field, which is packed_info.
        n_rays: C++ of the number of rays.
        n_inputs: arrays that it takes.
        rays: which of them are origins and directions [R, 3], for the intervals' midpoints; None: these are not wanted.
    """

    def __init__(
        self,
        name: str,
        begin: str,
        n_rays: str,
        n_inputs: int,
        rays: tuple[int, int] | None = None,
    ) -> None:
        self._name, self._positions = name, rays is not None

        def source(packed: str, *calls: str) -> str:
            return f"{begin}{packed}}}; " + " ".join(f"jnerf::{name}_{call}" for call in calls)

        def points(place: int) -> str:
            if rays is None:
                return ""
            along = f"in{rays[0]}_p, in{rays[1]}_p, out0_p, out1_p, out2_p, out{place}_p"
            return f" jnerf::parallel_for(out0->num, jnerf::RayPoints{{{along}}});"

        write = f"write({n_rays}, r, out0_p, out1_p, out2_p);"
        self._count = source("out0_p", f"count({n_rays}, r, {INT_MAX}, out1_p);")
        self._write = source(f"(int*)in{n_inputs}_p", write) + points(3)
        padded = source("out3_p", f"count({n_rays}, r, {INT_MAX}, out4_p);", write)
        self._padded = padded + _PAD + points(6)

    def __call__(
        self,
        inputs: Sequence[jt.Var],
        data: dict[str, float],
        n_rays: int,
        most: int,
        padded: bool,
        exactly: int | None = None,
    ) -> PackedIntervals:
        """Places the intervals; nothing is differentiable.

        Args:
            inputs: the op's arrays.
            data: its numbers.
            n_rays: R.
            most: intervals, if no ray misses.
            padded: there are as many rows, with padding behind the intervals; else their number is read back.
            exactly: their number, where that is known: nothing is read back then.
        """
        if padded or exactly is not None:
            n_rows = most if padded else exactly
            shapes, dtypes = [(n_rows,)] * 3 + [(n_rays, 2), (2,), (1,)], _PADDED_DTYPES
            found = self._run(shapes, dtypes, inputs, self._padded, data)
            starts, ends, rays, packed, _, count, *middles = found
            count = count if padded else None
            return PackedIntervals(starts, ends, rays, packed, n_rows, count, *middles)
        shapes, dtypes = [(n_rays, 2), (2,)], ["int32", "int32"]
        packed, totals = code_op(self._name, shapes, dtypes, inputs, self._count, data)
        kept, wanted = read_totals(totals, None, most)
        if kept == 0:
            return PackedIntervals.empty(n_rays)
        shapes, dtypes = [(kept,)] * 3, ["float32", "float32", "int32"]
        out = self._run(shapes, dtypes, [*inputs, packed], self._write, data)
        return PackedIntervals(*out[:3], packed.stop_grad(), wanted, None, *out[3:])

    def _run(
        self,
        shapes: list[tuple[int, ...]],
        dtypes: Sequence[str],
        inputs: Sequence[jt.Var],
        source: str,
        data: dict[str, float],
    ) -> list[jt.Var]:
        """What ``source`` writes: of the first shape and so on, and the midpoints behind where they are wanted."""
        if self._positions:
            shapes, dtypes = [*shapes, (shapes[0][0], 3)], [*dtypes, "float32"]
        found = code_op(self._name, shapes, dtypes, inputs, source, data)
        return [var.stop_grad() for var in found]
