"""Jittor op that maps a box to the unit cube."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op

_BOX = "jnerf::UnitBox{in0_p, in1_p, in2_p, (int)in1->num, out0_p}"
_SOURCE = f"jnerf::unit_box(out0->num, {_BOX});"
_HELD = f"jnerf::held_box(out1->num, {{{_BOX}, out1_p}});"


def unit_box(positions: jt.Var, low: jt.Var, inverse_size: jt.Var) -> jt.Var:
    """``(positions - low) * inverse_size``, without gradient.

    Args:
        positions: float32 [S, D].
        low: corner of the box, float32 [D].
        inverse_size: 1 / its edges, float32 [D].

    Returns:
        float32 [S, D]; outside [0, 1] beyond the box.

    Raises:
        ValueError: the sizes do not fit.
    """
    _check(positions, low, inverse_size)
    if positions.shape[0] == 0:
        return jt.zeros(positions.shape).stop_grad()
    inputs = [positions, low, inverse_size]
    return code_op("unit_box", [positions.shape], ["float32"], inputs, _SOURCE)[0].stop_grad()


def held_box(positions: jt.Var, low: jt.Var, inverse_size: jt.Var) -> tuple[jt.Var, jt.Var]:
    """The same held in [0, 1], float32 [S, D]; and 1 for positions in the box, 0 for others, float32 [S].

    The arguments are those of ``unit_box``. A coordinate that is NaN stays so, and is not in the box.

    Raises:
        ValueError: the sizes do not fit.
    """
    _check(positions, low, inverse_size)
    n = positions.shape[0]
    if n == 0:
        return jt.zeros(positions.shape).stop_grad(), jt.zeros((0,)).stop_grad()
    inputs, shapes = [positions, low, inverse_size], [positions.shape, (n,)]
    held, inside = code_op("unit_box", shapes, ["float32"] * 2, inputs, _HELD)
    return held.stop_grad(), inside.stop_grad()


def _check(positions: jt.Var, low: jt.Var, inverse_size: jt.Var) -> None:
    if positions.ndim != 2 or [low.numel(), inverse_size.numel()] != [positions.shape[1]] * 2:
        raise ValueError(
            f"unit_box: positions {list(positions.shape)} in a box of {low.numel()} and {inverse_size.numel()} "
            "dimensions; give [S, D], [D] and [D]"
        )
