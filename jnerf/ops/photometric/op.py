"""Jittor op of the losses between rendered and true colours: truth composited, mean and gradient at once."""

from __future__ import annotations

from typing import Literal

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing
from jnerf.ops.scale_rows import scale_rows

_KINDS = {"mse": 0, "l1": 1, "huber": 2, "charbonnier": 3}
_SOURCE = """
jnerf::photometric(in0_shape0, jnerf::Photometric{(jnerf::PhotometricKind)(int)data["kind"], (float)data["delta"],
    (float)data["weight"], in0_p, in1_p, data["behind"] != 0 ? in2_p : nullptr, data["lives"] != 0 ? in3_p : nullptr,
    out1_p, out2_p, out3_p}, out0_p);
"""


class _Photometric(Function):
    def execute(self, colors, rgba, background, live, kind, delta, weight):
        n = colors.shape[0]
        given = {"behind": int(background is not None), "lives": int(live is not None)}
        background = nothing(ndim=2) if background is None else background
        inputs = [colors, rgba, background, nothing(ndim=2) if live is None else live]
        data = {"kind": _KINDS[kind], "delta": delta, "weight": weight} | given
        shapes = [(1,), (1,), (n,), (n, 3)]
        found = code_op("photometric", shapes, ["float32"] * 4, inputs, _SOURCE, data)
        self.gradient = found[3]
        return found[0]

    def grad(self, grad_loss):
        return scale_rows(self.gradient, grad_loss), *[None] * 6


def photometric(
    colors: jt.Var,
    rgba: jt.Var,
    background: jt.Var | None = None,
    live: jt.Var | None = None,
    kind: Literal["mse", "l1", "huber", "charbonnier"] = "mse",
    delta: float = 0.1,
    weight: float = 1.0,
) -> jt.Var:
    """``weight`` times the mean over rays and channels of the distance d between rendered and true colours.

    The truth is rgb * a + (1 - a) * background. "mse": d^2; "l1": |d|; "huber": d^2 / (2 delta) for |d| <= delta,
    beyond it |d| - delta / 2; "charbonnier": sqrt(d^2 + delta^2). Differentiable once in ``colors``.

    Args:
        colors: float32 [R, 3].
        rgba: true colours, straight, float32 [R, 4].
        background: behind the truth, float32 [R, 3]; None for black.
        live: 1 for rays that count, else 0, float32 [R, 1]; None: all. The mean is over those that count; both colours
            of the others must be alike.
        kind: which distance.
        delta: of "huber" and "charbonnier", above 0.
        weight: a factor.

    Returns:
        float32 [1].

    Raises:
        ValueError: sizes do not fit together.
    """
    n = colors.shape[0]
    expected = (
        ("colors", colors, [n, 3]),
        ("rgba", rgba, [n, 4]),
        ("background", background, [n, 3]),
        ("live", live, [n, 1]),
    )
    for name, var, shape in expected:
        if var is not None and var.shape != shape:
            raise ValueError(f"{name} has shape {list(var.shape)}; expected {shape}")
    if n == 0:
        return (colors.sum() * 0).reshape((1,))
    return _Photometric()(colors, rgba, background, live, kind, delta, weight)
