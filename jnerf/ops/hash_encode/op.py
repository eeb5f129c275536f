"""Jittor op of the hash grid: forward, gradient to the table, gradient to the positions."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.hash_encode.layout import HashGridLayout

_GRID = (
    "jnerf::HashGrid grid{in0_p, in1_p, in2_p, in3_p, in0_shape0, (int)in2->num, "
    'data["smoothstep"] != 0};'
)


class _HashEncode(jt.Function):
    def execute(self, positions, table, scales, meta, layout, smoothstep, position_grad):
        self.saved = positions, table, scales, meta, layout, smoothstep
        self.position_grad = position_grad
        kind = f"<{layout.n_dims}, {layout.n_features}>"
        shape = (layout.n_levels, positions.shape[0], layout.n_features)
        source = f"{_GRID} jnerf::hash_encode_forward{kind}(grid, out0_p);"
        inputs = [positions, table, scales, meta]
        data = {"smoothstep": smoothstep}
        return code_op("hash_encode", [shape], ["float32"], inputs, source, data)[0]

    def grad(self, grad_out):
        positions, table, scales, meta, layout, smoothstep = self.saved
        kind = f"<{layout.n_dims}, {layout.n_features}>"
        inputs = [positions, table, scales, meta, grad_out]
        data = {"smoothstep": smoothstep}
        source = f"{_GRID} jnerf::hash_encode_table_grad{kind}(grid, in4_p, out0_p, out0_shape0);"
        grad_table = code_op("hash_encode", [table.shape], ["float32"], inputs, source, data)[0]
        grad_positions = None
        if self.position_grad:
            source = f"{_GRID} jnerf::hash_encode_position_grad{kind}(grid, in4_p, out0_p);"
            grad_positions = code_op(
                "hash_encode", [positions.shape], ["float32"], inputs, source, data
            )[0]
        return grad_positions, grad_table, None, None, None, None, None


def hash_encode(
    positions: jt.Var,
    table: jt.Var,
    scales: jt.Var,
    meta: jt.Var,
    layout: HashGridLayout,
    smoothstep: bool = False,
) -> jt.Var:
    """Looks positions up in a multiresolution hash grid.

    Differentiable in the table, and in the positions unless they are ``stop_grad``; once only (no second order).

    Args:
        positions: float32 [S, D], in [0, 1]; others are clamped.
        table: features of all levels, float32 [layout.n_rows, F].
        scales: ``layout.scales`` as a Var, float32 [L].
        meta: ``layout.meta`` as a Var, int32 [L, 4].
        layout: the grid's geometry.
        smoothstep: interpolate with 3t^2 - 2t^3 instead of t: smooth gradients for positions.

    Returns:
        Features, level-major: float32 [L, S, F].

    Raises:
        ValueError: the shapes do not fit the layout.
    """
    if positions.ndim != 2 or positions.shape[1] != layout.n_dims:
        raise ValueError(
            f"positions have shape {list(positions.shape)}; expected [S, {layout.n_dims}]"
        )
    expected = [layout.n_rows, layout.n_features]
    if list(table.shape) != expected:
        raise ValueError(f"the table has shape {list(table.shape)}; its layout needs {expected}")
    if positions.shape[0] == 0:
        return jt.zeros((layout.n_levels, 0, layout.n_features))
    # asked here: inside a jt.Function every input is detached
    position_grad = not positions.is_stop_grad()
    return _HashEncode()(positions, table, scales, meta, layout, smoothstep, position_grad)
