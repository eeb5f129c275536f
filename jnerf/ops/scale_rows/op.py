"""Jittor op that multiplies rows by a number each, or all by one."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.common.constants import is_one

_SOURCE = """
jnerf::scale_rows(out0->num, jnerf::ScaleRows{in0_p, in1_p, in1->num == 1 ? 0 : 1, in0_shape1, out0_p});
"""


def scale_rows(rows: jt.Var, factors: jt.Var) -> jt.Var:
    """``rows * factors``, without gradient.

    Args:
        rows: float32 [R, C].
        factors: float32 [R, 1] or [1]: one for each row, or for all.

    Returns:
        float32 [R, C]; the rows themselves where the factor is ``constants.one()``, as gradients of most losses are.

    Raises:
        ValueError: the sizes do not fit.
    """
    if rows.ndim != 2 or factors.numel() not in (1, rows.shape[0]):
        raise ValueError(
            f"scale_rows: {list(factors.shape)} factors for rows {list(rows.shape)}; give [R, 1] or [1] for [R, C]"
        )
    if rows.numel() == 0:
        return jt.zeros(rows.shape).stop_grad()
    if is_one(factors):
        return rows
    factors = factors if factors.ndim == 2 else factors.reshape((-1, 1))
    return code_op("scale_rows", [rows.shape], ["float32"], [rows, factors], _SOURCE)[0].stop_grad()
