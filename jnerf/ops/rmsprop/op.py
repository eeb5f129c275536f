"""Jittor op for RMSprop (Hinton 2012, lecture 6e of "Neural Networks for Machine Learning") over rows.

The update of an entry with gradient g is::

    v = beta v + (1 - beta) g^2     (g^2 where v is still 0: no bias towards zero)
    p = p - lr g / (sqrt(v) + eps)

A row whose gradient is zero throughout keeps its parameters and its v, as Plenoxels (Fridovich-Keil et al. 2022,
https://arxiv.org/abs/2112.05131) updates only voxels that a ray has met.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.common.slots import AT_ONCE, check_slot


def rmsprop_rows(
    params: Sequence[jt.Var],
    grads: Sequence[jt.Var],
    v: Sequence[jt.Var],
    lr: Sequence[float],
    beta: float = 0.95,
    eps: float = 1e-8,
) -> None:
    """Updates all ``params`` and ``v`` in place, row by row, in one kernel for eight parameters.

    All state is written, so readers must be synced before.

    Args:
        params: parameters, float32 [V, ...]; what follows the first axis is a row. Of one axis, it is one row.
        grads: their gradients, float32 of the same shapes. NaN counts as not zero.
        v: means of squared gradients, likewise; zero at first.
        lr: learning rate of each.
        beta: decay of v.
        eps: added to the root of v.

    Raises:
        ValueError: sizes or dtypes disagree.
    """
    slots = list(zip(params, grads, v, lr, strict=True))
    for param, grad, square, _ in slots:
        check_slot("rmsprop_rows", param, {"param": param, "grad": grad, "v": square})
    for i in range(0, len(slots), AT_ONCE):
        _update(slots[i : i + AT_ONCE], beta, eps)


def _update(slots: Sequence[tuple], beta: float, eps: float) -> None:
    """The slots of one kernel."""
    data = {"beta": beta, "rest": 1 - beta, "eps": eps}
    for i, (param, _, _, lr) in enumerate(slots):
        data[f"width{i}"], data[f"rate{i}"] = _width(param), lr
    outputs = [var for param, _, square, _ in slots for var in (param, square)]
    grads = [slot[1] for slot in slots]
    code_op("rmsprop", None, None, grads, _source(len(slots)), data, outputs=outputs)


@cache
def _source(n: int) -> str:
    return "".join(
        f'jnerf::rmsprop_rows(in{i}->num / (int64_t)data["width{i}"], {{{{(float)data["rate{i}"], '
        '(float)data["beta"], (float)data["rest"], (float)data["eps"]}, '
        f'(int)data["width{i}"], in{i}_p, out{2 * i}_p, out{2 * i + 1}_p}});\n'
        for i in range(n)
    )


def _width(param: jt.Var) -> int:
    """Floats of a row."""
    width = param.numel() // param.shape[0] if param.ndim > 1 and param.shape[0] else param.numel()
    return max(width, 1)
