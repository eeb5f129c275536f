"""What turns a network's raw output into a density, and its colours into those that reach beyond [0, 1]."""

from __future__ import annotations

from collections.abc import Callable

import jittor as jt

from jnerf.ops.mlp.by_layers import relu
from jnerf.ops.trunc_exp import trunc_exp


def softplus(x: jt.Var) -> jt.Var:
    """log(1 + e^x), without overflow."""
    return jt.maximum(x, 0.0) + jt.log(1 + jt.exp(-jt.abs(x)))


def padded_colors(rgbs: jt.Var, padding: float) -> jt.Var:
    """Colours in [0, 1] stretched by ``padding`` on either side, so that black and white need no infinite input."""
    return rgbs * (1 + 2 * padding) - padding


DENSITY_ACTIVATIONS: dict[str, Callable[[jt.Var], jt.Var]] = {
    "relu": relu,
    "softplus": softplus,
    "exp": trunc_exp,
}
