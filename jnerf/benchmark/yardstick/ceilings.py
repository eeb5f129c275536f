"""What the machine can do at most, as far as simple loops reach it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import jittor as jt

from jnerf.benchmark.kernel_clock import KernelClock
from jnerf.benchmark.stats import rounded
from jnerf.benchmark.yardstick import run

_COPIED = 2**25  # floats: 128 MiB, more than any cache
_LOW = {1: "bf16, AVX512-BF16", 2: "bf16, AMX", 3: "fp16, tensor cores"}


@dataclass(frozen=True)
class Ceilings:
    """The best of several tries each.

    Attributes:
        memory_gb_s: memory read and written, by a copy or by the mean of two arrays in place, whichever is faster, less
            the call itself, which is a third of the time on the fastest GPUs.
        fp32_gflop_s: fp32 multiply-adds in registers, two operations each.
        low_precision_gflop_s: the same with the fastest 16-bit format; None where there is none.
        low_precision: which one.
        launch_us: a call of a kernel that does nothing.
    """

    memory_gb_s: float
    fp32_gflop_s: float
    low_precision_gflop_s: float | None
    low_precision: str | None
    launch_us: float

    @property
    def best_gflop_s(self) -> float:
        """The higher of the two peaks."""
        return max(self.fp32_gflop_s, self.low_precision_gflop_s or 0)

    def best(self, other: Ceilings) -> Ceilings:
        """The better of each: of two measurements at different moments, the less disturbed."""
        peaks = [c.low_precision_gflop_s for c in (self, other) if c.low_precision_gflop_s]
        return Ceilings(
            memory_gb_s=max(self.memory_gb_s, other.memory_gb_s),
            fp32_gflop_s=max(self.fp32_gflop_s, other.fp32_gflop_s),
            low_precision_gflop_s=max(peaks, default=None),
            low_precision=self.low_precision or other.low_precision,
            launch_us=min(self.launch_us, other.launch_us),
        )

    def share(self, gb_s: float, gflop_s: float | None) -> float:
        """How near a kernel comes to the ceiling that is nearer."""
        return max(gb_s / self.memory_gb_s, (gflop_s or 0) / self.best_gflop_s)

    def to_dict(self) -> dict[str, Any]:
        """As the schema wants it."""
        return asdict(self)


def measure_ceilings(repeats: int = 9) -> Ceilings:
    """Measures the ceilings; takes about a second once compiled.

    Args:
        repeats: tries, of which the best counts.
    """
    source = jt.ones((_COPIED,))
    target = jt.zeros((_COPIED,))
    copied = min(_seconds(lambda: run.copy(source)) for _ in range(repeats + 1))
    mixed = min(_seconds(lambda: run.mix(source, target)) for _ in range(repeats + 1))
    launch = min(_seconds(run.nothing) for _ in range(10 * repeats))
    fp32, _ = _peak(False, repeats)
    low, what = _peak(True, repeats)
    return Ceilings(
        memory_gb_s=rounded(4 * _COPIED * max(2 / (copied - launch), 3 / (mixed - launch)) / 1e9),
        fp32_gflop_s=rounded(fp32),
        low_precision_gflop_s=rounded(low) if low > 0 else None,
        low_precision=_LOW.get(what) if low > 0 else None,
        launch_us=rounded(launch * 1e6),
    )


def _seconds(call: Any) -> float:
    with KernelClock() as clock:
        call()
    return clock.calls[0].seconds


def _peak(low: bool, repeats: int) -> tuple[float, int]:
    """GFLOP/s and what multiplied; some milliseconds each, short enough for the gaps that other work leaves."""
    first = 2**10
    operations, what = (float(x) for x in run.peak(low, first).numpy())
    if operations <= 0:
        return 0.0, 0

    def seconds(rounds: int) -> float:
        return _seconds(lambda: run.peak(low, rounds))

    rounds = first
    while seconds(rounds) < 0.002 and rounds < 2**34:
        rounds *= 2
    best = min(seconds(rounds) for _ in range(repeats))
    return operations * (rounds / first) / best / 1e9, int(what)
