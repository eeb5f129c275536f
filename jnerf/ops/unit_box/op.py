"""Jittor op that maps a box to the unit cube."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op

_SOURCE = """
jnerf::unit_box(out0->num, jnerf::UnitBox{in0_p, in1_p, in2_p, (int)in1->num, out0_p});
"""


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
    if positions.ndim != 2 or [low.numel(), inverse_size.numel()] != [positions.shape[1]] * 2:
        raise ValueError(
            f"unit_box: positions {list(positions.shape)} in a box of {low.numel()} and {inverse_size.numel()} "
            "dimensions; give [S, D], [D] and [D]"
        )
    if positions.shape[0] == 0:
        return jt.zeros(positions.shape).stop_grad()
    inputs = [positions, low, inverse_size]
    return code_op("unit_box", [positions.shape], ["float32"], inputs, _SOURCE)[0].stop_grad()
