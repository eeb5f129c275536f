"""In what an MLP's products are rounded."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jnerf.ops.common.simd import simd_flags

#: Names, in the order of the kernels' ``MlpPrecision``.
PRECISIONS = ("auto", "fp32", "bf16", "fp16")


def precision_code(precision: str) -> int:
    """The kernels' number of a precision.

    ``auto`` is what the device multiplies fastest: on a CPU bf16 where the compiler is told of bf16 instructions, else
    fp32; on CUDA fp16 on tensor cores. Sums, weights, inputs and outputs are fp32 in every case. A CPU has no fp16
    products and takes its own fastest for it.

    Raises:
        ValueError: the name is unknown.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision is {precision!r}; choose one of {', '.join(PRECISIONS)}")
    return PRECISIONS.index(precision)


def multiplies_bf16(precision: str) -> bool:
    """Whether a CPU's kernels multiply pairs of bf16 at this precision, as far as can be told from here."""
    return precision != "fp32" and _has_bf16()


@cache
def _has_bf16() -> bool:
    if simd_flags():
        return False  # less than the machine has
    try:
        words = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return False
    return {"avx512_bf16", "avx512bw"} <= set(words)
