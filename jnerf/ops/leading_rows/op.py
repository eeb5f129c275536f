"""Jittor op that copies the first rows of several arrays: one kernel in place of one for each."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt

from jnerf.ops.common import code_op


def leading_rows(arrays: Sequence[jt.Var], n: int) -> list[jt.Var]:
    """The first ``n`` rows of each array, without gradient.

    Args:
        arrays: float32 or int32, [R, ...] each.
        n: at most R.

    Raises:
        ValueError: an array has fewer rows, or elements of another size.
    """
    for array in arrays:
        if array.shape[0] < n or array.dtype not in ("float32", "int32"):
            raise ValueError(
                f"leading_rows: {n} rows of {array.dtype} {list(array.shape)}; give float32 or int32 with as many rows"
            )
    shapes = [(n, *array.shape[1:]) for array in arrays]
    if n == 0:
        return [jt.zeros(s, a.dtype) for s, a in zip(shapes, arrays, strict=True)]
    source = "".join(
        f"jnerf::leading_rows(in{i}_p, out{i}_p, out{i}->num * 4);\n" for i in range(len(arrays))
    )
    dtypes = [str(array.dtype) for array in arrays]
    return [v.stop_grad() for v in code_op("leading_rows", shapes, dtypes, arrays, source)]
