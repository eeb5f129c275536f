"""Jittor op of rows times a factor for each column, with others added."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing

_SOURCE = """
jnerf::parallel_for(out0->num, jnerf::AddScaled{in0_p, in1_p, data["adds"] != 0 ? in2_p : nullptr, in1->num, out0_p});
"""


def _run(rows: jt.Var, factors: jt.Var, add: jt.Var | None) -> jt.Var:
    inputs = [rows, factors, nothing(ndim=2) if add is None else add]
    data = {"adds": add is not None}
    return code_op("add_scaled", [rows.shape], ["float32"], inputs, _SOURCE, data)[0]


class _AddScaled(Function):
    def execute(self, rows, factors, add):
        self.factors, self.adds = factors, add is not None
        return _run(rows, factors, add)

    def grad(self, grad):
        return _run(grad, self.factors, None), None, grad if self.adds else None


def add_scaled(rows: jt.Var, factors: jt.Var, add: jt.Var | None = None) -> jt.Var:
    """``rows * factors + add``, differentiable once in ``rows`` and ``add``.

    Args:
        rows: float32 [R, C].
        factors: one for each column, float32 [C], without gradient.
        add: float32 [R, C]; None: nothing.

    Returns:
        float32 [R, C].

    Raises:
        ValueError: the sizes do not fit.
    """
    fits = rows.ndim == 2 and list(factors.shape) == [rows.shape[1]]
    if not fits or (add is not None and list(add.shape) != list(rows.shape)):
        shapes = [list(v.shape) for v in (rows, factors, add) if v is not None]
        raise ValueError(f"add_scaled: shapes are {shapes}; give rows [R, C], [C] and [R, C]")
    if rows.numel() == 0:
        return jt.zeros(rows.shape)
    return _AddScaled()(rows, factors, add)
