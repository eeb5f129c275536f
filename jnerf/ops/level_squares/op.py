"""Jittor op for the size of the features of each level of a hash grid (Zip-NeRF, Barron et al. 2023)."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.hash_encode import HashGridLayout

_SIZES = '(int)data["levels"], (int)in0_shape1'
_FORWARD = f"jnerf::level_squares(in0_p, in1_p, {_SIZES}, out0_p);"
_ROOTS = (
    _FORWARD + ' jnerf::parallel_for(out0->num, jnerf::LevelSizes{(float)data["least"], out0_p});'
)
_BACKWARD = (
    "jnerf::level_squares_backward(out0->num, "
    f"jnerf::LevelSquaresGrad{{in0_p, in2_p, in1_p, {_SIZES}, out0_p}});"
)


class _LevelSquares(Function):
    def execute(self, table, meta, n_levels):
        self.inputs, self.data = [table, meta], {"levels": n_levels}
        shapes = [(n_levels,)]
        return code_op("level_squares", shapes, ["float32"], self.inputs, _FORWARD, self.data)[0]

    def grad(self, grad):
        inputs, shapes = [*self.inputs, grad], [self.inputs[0].shape]
        grads = code_op("level_squares", shapes, ["float32"], inputs, _BACKWARD, self.data)
        return grads[0], None, None


def level_squares(table: jt.Var, meta: jt.Var, layout: HashGridLayout) -> jt.Var:
    """Mean of the squared features of each level's rows.

    Args:
        table: features of all levels, float32 [layout.n_rows, F].
        meta: ``layout.meta`` as a Var, int32 [L, 4].
        layout: the grid's geometry.

    Returns:
        float32 [L], with gradients to the table.

    Raises:
        ValueError: the table does not fit the layout.
    """
    _check(table, layout)
    return _LevelSquares()(table, meta, layout.n_levels)


def level_sizes(table: jt.Var, meta: jt.Var, layout: HashGridLayout, least: float) -> jt.Var:
    """``sqrt(level_squares + least)``, without gradient.

    Args:
        table: as of ``level_squares``, and so are the next two.
        meta: see there.
        layout: see there.
        least: added to the mean squares.

    Returns:
        float32 [L].

    Raises:
        ValueError: the table does not fit the layout.
    """
    _check(table, layout)
    data, shapes = {"levels": layout.n_levels, "least": least}, [(layout.n_levels,)]
    found = code_op("level_squares", shapes, ["float32"], [table, meta], _ROOTS, data)
    return found[0].stop_grad()


def _check(table: jt.Var, layout: HashGridLayout) -> None:
    expected = [layout.n_rows, layout.n_features]
    if list(table.shape) != expected:
        raise ValueError(
            f"level_squares: the table has shape {list(table.shape)}; its layout needs {expected}"
        )
