"""Jittor op of activations, with what is added before and behind them."""

from __future__ import annotations

from typing import Literal, NamedTuple

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing

_CODES = {"none": 0, "relu": 1, "softplus": 2, "exp": 3, "sigmoid": 4}
#: Names of the activations.
KINDS = tuple(_CODES)

_SOURCE = """
jnerf::activate(out0->num, {jnerf::ScaledActivation::of(data), (float)data["offset"], in0_p,
    data["rows"] != 0 ? in1_p : nullptr, (int64_t)data["channels"], out0_p, GRAD});
"""
_FORWARD, _BACKWARD = (_SOURCE.replace("GRAD", grad) for grad in ("nullptr", "in2_p"))


class Activation(NamedTuple):
    """``scale act(x + bias)``, which other ops apply to what they give: see ``activate``."""

    kind: str = "none"
    bias: float = 0.0
    scale: float = 1.0

    @property
    def numbers(self) -> dict[str, float]:
        """Entries of ``data`` for ``ScaledActivation`` in kernel.h.

        Raises:
            ValueError: the activation is unknown.
        """
        if self.kind not in _CODES:
            raise ValueError(f"activate: kind is {self.kind!r}; choose one of {', '.join(KINDS)}")
        return {"kind": _CODES[self.kind], "bias": self.bias, "scale": self.scale}


LINEAR, EXPONENTIAL = Activation(), Activation("exp")


class _Activate(Function):
    def execute(self, x, factors, data):
        self.saved, self.data = [x, nothing() if factors is None else factors], data
        return code_op("activate", [x.shape], ["float32"], self.saved, _FORWARD, data)[0]

    def grad(self, grad):
        inputs = [*self.saved, grad]
        found = code_op("activate", [inputs[0].shape], ["float32"], inputs, _BACKWARD, self.data)
        return found[0], None, None


def activate(
    x: jt.Var,
    kind: Literal["none", "relu", "softplus", "exp", "sigmoid"] = "none",
    bias: float = 0.0,
    scale: float = 1.0,
    offset: float = 0.0,
    factors: jt.Var | None = None,
) -> jt.Var:
    """``(scale act(x + bias) + offset) factor``, differentiable once, in ``x``.

    Args:
        x: float32, any shape with at least one axis.
        kind: the activation: ``x`` itself, max(x, 0), log(1 + e^x), e^x whose slope is that at clamp(x, -15, 15), or
            1 / (1 + e^-x).
        bias: added before it.
        scale: multiplies it.
        offset: added to that.
        factors: one for each row of ``x`` along its first axis, float32 [S], without gradient; None: 1.

    Returns:
        float32, the shape of ``x``.

    Raises:
        ValueError: the activation is unknown, or factors are not as many as rows.

    >>> activate(jt.array([-1.0, 2.0]), "relu", bias=1.0, scale=10.0).numpy().tolist()
    [0.0, 30.0]
    """
    activation = Activation(kind, bias, scale).numbers
    if factors is not None and factors.numel() != x.shape[0]:
        raise ValueError(f"activate: {factors.numel()} factors for {x.shape[0]} rows; give as many")
    if x.numel() == 0:
        return jt.zeros(x.shape)
    data = {**activation, "offset": offset}
    data |= {"rows": factors is not None, "channels": x.numel() // x.shape[0]}
    return _Activate()(x, factors, data)
