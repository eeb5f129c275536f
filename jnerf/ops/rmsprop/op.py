"""Jittor op for RMSprop (Hinton 2012, lecture 6e of "Neural Networks for Machine Learning") over rows.

The update of an entry with gradient g is::

    v = beta v + (1 - beta) g^2     (g^2 where v is still 0: no bias towards zero)
    p = p - lr g / (sqrt(v) + eps)

A row whose gradient is zero throughout keeps its parameters and its v, as Plenoxels (Fridovich-Keil et al. 2022,
https://arxiv.org/abs/2112.05131) updates only voxels that a ray has met.
"""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op

_SOURCE = (
    'jnerf::rmsprop_rows(in0->num / (int64_t)data["width"], {{(float)data["rate"], (float)data["beta"],'
    ' (float)data["rest"], (float)data["eps"]}, (int)data["width"], in0_p, out0_p, out1_p});'
)


def rmsprop_rows(
    param: jt.Var, grad: jt.Var, v: jt.Var, lr: float, beta: float = 0.95, eps: float = 1e-8
) -> None:
    """Updates ``param`` and ``v`` in place, row by row; all state is written, so readers must be synced before.

    Args:
        param: parameter, float32 [V, ...]; what follows the first axis is a row. Of one axis, it is one row.
        grad: its gradient, float32 of the same shape. NaN counts as not zero.
        v: mean of squared gradients, likewise; zero at first.
        lr: learning rate.
        beta: decay of v.
        eps: added to the root of v.

    Raises:
        ValueError: sizes or dtypes disagree.
    """
    for name, var in {"param": param, "grad": grad, "v": v}.items():
        if var.numel() != param.numel() or var.dtype != "float32":
            raise ValueError(
                f"rmsprop_rows: {name} is {var.dtype} {list(var.shape)}; give float32 with the {param.numel()} "
                f"elements of the parameter {list(param.shape)}"
            )
    width = param.numel() // param.shape[0] if param.ndim > 1 and param.shape[0] else param.numel()
    data = {"width": max(width, 1), "rate": lr, "beta": beta, "rest": 1 - beta, "eps": eps}
    code_op("rmsprop", None, None, [grad], _SOURCE, data, outputs=[param, v])
