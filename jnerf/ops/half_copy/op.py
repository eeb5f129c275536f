"""Jittor op that rounds numbers to 16 bits."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op

#: What the kernels call the formats that a table can be read in (``common/numbers/stored.h``), by Jittor's name.
STORED = {
    "float32": "float",
    "float16": "jnerf::StoredFp16",
    "bfloat16": "jnerf::StoredBf16",
}


def check_precision(precision: str) -> None:
    """Raises ValueError unless a table can be read in a precision.

    >>> check_precision("fp8")
    Traceback (most recent call last):
    ValueError: table_precision is 'fp8'; choose 'float32', 'float16' or 'bfloat16'
    """
    if precision not in STORED:
        raise ValueError(
            f"table_precision is {precision!r}; choose 'float32', 'float16' or 'bfloat16'"
        )


def check_copy(copy: jt.Var | None, n_rows: int, n_features: int) -> None:
    """Raises ValueError unless an array, if there is one, can be read in a table's place.

    Args:
        copy: float16 or bfloat16; rows behind the table's are left alone.
        n_rows: of the table.
        n_features: numbers of a row.
    """
    if copy is None:
        return
    rows = copy.shape[0] if copy.ndim == 2 and copy.shape[1] == n_features else -1
    if str(copy.dtype) not in ("float16", "bfloat16") or rows < n_rows:
        raise ValueError(
            f"the table's copy is {copy.dtype} {list(copy.shape)}; "
            f"give float16 or bfloat16 {[n_rows, n_features]}"
        )


def round_half(values: jt.Var, precision: str) -> jt.Var:
    """Numbers in 16 bits, to nearest, ties to even; no gradient.

    Args:
        values: float32 of any shape.
        precision: "float16" (from 65520 on inf) or "bfloat16".

    Raises:
        ValueError: another precision or dtype.
    """
    if precision not in ("float16", "bfloat16") or values.dtype != "float32":
        raise ValueError(
            f"round_half: {values.dtype} to {precision!r}; give float32, and 'float16' or 'bfloat16'"
        )
    source = f"jnerf::round_to_stored(in0->num, in0_p, ({STORED[precision]}*)out0_p);"
    return code_op("half_copy", [values.shape], [precision], [values], source)[0].stop_grad()
