"""Jittor op that rounds numbers to 16 bits."""

from __future__ import annotations

from typing import NamedTuple

import jittor as jt

from jnerf.ops.common import code_op


class Stored(NamedTuple):
    """A format that numbers are stored in.

    Attributes:
        dtype: Jittor's.
        name: the kernels' (``common/jnerf_stored.h``).
    """

    dtype: str
    name: str


#: Formats by precision.
STORED = {
    "fp32": Stored("float32", "float"),
    "fp16": Stored("float16", "jnerf::StoredFp16"),
    "bf16": Stored("bfloat16", "jnerf::StoredBf16"),
}


def check_precision(precision: str) -> None:
    """Raises ValueError unless a table can be read in a precision.

    >>> check_precision("fp8")
    Traceback (most recent call last):
    ValueError: table_precision is 'fp8'; choose 'fp32', 'fp16' or 'bf16'
    """
    if precision not in STORED:
        raise ValueError(f"table_precision is {precision!r}; choose 'fp32', 'fp16' or 'bf16'")


def stored_name(var: jt.Var) -> str:
    """What the kernels call the numbers of an array."""
    return next(stored.name for stored in STORED.values() if stored.dtype == str(var.dtype))


def round_half(values: jt.Var, precision: str) -> jt.Var:
    """Numbers in 16 bits, to nearest, ties to even; no gradient.

    Args:
        values: float32 of any shape.
        precision: "fp16" (float16; from 65520 on inf) or "bf16" (bfloat16).

    Raises:
        ValueError: another precision or dtype.
    """
    if precision not in ("fp16", "bf16") or values.dtype != "float32":
        raise ValueError(
            f"round_half: {values.dtype} to {precision!r}; give float32, and 'fp16' or 'bf16'"
        )
    dtype, name = STORED[precision]
    source = f"jnerf::round_to_stored(in0->num, in0_p, ({name}*)out0_p);"
    return code_op("half_copy", [values.shape], [dtype], [values], source)[0].stop_grad()
