"""Jittor op for exponential moving averages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import jittor as jt

from jnerf.ops.common import code_op

_AT_ONCE = 8  # averages per kernel


def ema_update(averages: Sequence[jt.Var], values: Sequence[jt.Var], decay: float) -> None:
    """``average = decay * average + (1 - decay) * value``, in place, for each pair.

    Whoever reads the old averages must be synced before.

    Args:
        averages: float32 of any shape.
        values: float32, each with the number of elements of its average.
        decay: in [0, 1).

    Raises:
        ValueError: sizes or dtypes disagree.
    """
    for average, value in zip(averages, values, strict=True):
        if average.numel() != value.numel() or {str(average.dtype), str(value.dtype)} != {
            "float32"
        }:
            raise ValueError(
                f"ema_update: average is {average.dtype} {list(average.shape)}, value is {value.dtype}"
                f" {list(value.shape)}; give two float32 Vars of one size"
            )
    data = {"decay": decay, "rest": 1 - decay}
    for i in range(0, len(averages), _AT_ONCE):
        some = averages[i : i + _AT_ONCE]
        given = list(values[i : i + _AT_ONCE])
        code_op("ema", None, None, given, _source(len(some)), data, outputs=list(some))


@cache
def _source(n: int) -> str:
    return "".join(
        f'jnerf::ema(in{i}->num, (float)data["decay"], (float)data["rest"], in{i}_p, out{i}_p);\n'
        for i in range(n)
    )
