"""What turns a network's raw output into a density, and its colours into those that reach beyond [0, 1]."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.activate import activate

#: Of ``jnerf.ops.activate``, those that give no negative density.
DENSITY_ACTIVATIONS = ("relu", "softplus", "exp")


def softplus(x: jt.Var) -> jt.Var:
    """log(1 + e^x), without overflow."""
    return activate(x, "softplus")


def padded_colors(rgbs: jt.Var, padding: float) -> jt.Var:
    """Colours in [0, 1] stretched by ``padding`` on either side, so that black and white need no infinite input."""
    return activate(rgbs, scale=1 + 2 * padding, offset=-padding)
