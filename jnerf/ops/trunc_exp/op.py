"""Jittor op of the truncated exponential."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op


class _TruncExp(Function):
    def execute(self, x, limit):
        self.x, self.limit = x, limit
        source = "jnerf::trunc_exp_forward(in0->num, jnerf::TruncExpForward{in0_p, out0_p});"
        return code_op("trunc_exp", [x.shape], ["float32"], [x], source)[0]

    def grad(self, grad_y):
        source = (
            "jnerf::trunc_exp_backward(in0->num, "
            'jnerf::TruncExpBackward{in0_p, in1_p, out0_p, (float)data["limit"]});'
        )
        data = {"limit": self.limit}
        inputs = [self.x, grad_y]
        return code_op("trunc_exp", [self.x.shape], ["float32"], inputs, source, data)[0], None


def trunc_exp(x: jt.Var, limit: float = 15.0) -> jt.Var:
    """exp(x) whose gradient is exp(clamp(x, -limit, limit)): the density activation of Instant-NGP.

    Args:
        x: float32, any shape with at least one axis.
        limit: where the gradient stops growing and shrinking.

    Returns:
        float32, the shape of ``x``.
    """
    if x.numel() == 0:
        return jt.zeros(x.shape)
    return _TruncExp()(x, limit)
