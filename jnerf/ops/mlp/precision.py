"""In what an MLP's products are rounded."""

from __future__ import annotations

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
