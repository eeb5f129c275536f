"""Jittor op for an exponential moving average."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op


def ema_update(average: jt.Var, value: jt.Var, decay: float) -> None:
    """``average = decay * average + (1 - decay) * value``, in place.

    Whoever reads the old average must be synced before.

    Args:
        average: float32 of any shape.
        value: float32, same number of elements.
        decay: in [0, 1).

    Raises:
        ValueError: sizes or dtypes disagree.
    """
    if average.numel() != value.numel() or {str(average.dtype), str(value.dtype)} != {"float32"}:
        raise ValueError(
            f"ema_update: average is {average.dtype} {list(average.shape)}, value is {value.dtype}"
            f" {list(value.shape)}; give two float32 Vars of one size"
        )
    source = 'jnerf::ema(in0->num, (float)data["decay"], (float)data["rest"], in0_p, out0_p);'
    data = {"decay": decay, "rest": 1 - decay}
    average.update(code_op("ema", None, None, [value], source, data, outputs=[average])[0])
