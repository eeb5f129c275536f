"""Jittor op of the hash grid's gradient by position, with gradients to positions, table and v."""

from __future__ import annotations

from dataclasses import replace

import jittor as jt

from jnerf.ops.common import Function
from jnerf.ops.hash_encode.grid import Grid
from jnerf.ops.hash_encode.layout import HashGridLayout

_OP = "hash_encode_gradient"


class _HashEncodeGradient(Function):
    def execute(self, positions, table, copy, v, scales, meta, layout, smoothstep, wanted):
        self.grid, self.v = Grid(positions, table, scales, meta, layout, smoothstep), v
        self.read = self.grid if copy is None else replace(self.grid, table=copy)
        self.wanted = wanted
        call = "hash_gradient_forward(grid, in4_p, out0_p)"
        return self.read.code(_OP, positions.shape, call, v)

    def grad(self, g):
        grid, read, v = self.grid, self.read, self.v
        position_call = "hash_gradient_position_grad(grid, in5_p, out0_p)"
        table_call = "hash_gradient_table_grad(grid, in5_p, out0_p, out0_shape0)"
        calls = [
            (read, position_call, grid.positions, [v]),
            (grid, table_call, grid.table, [v]),
            (read, "hash_gradient_value_grad(grid, out0_p)", v, []),
        ]
        positions, table, value = (
            of.code(_OP, like.shape, call, g, *inputs, turned=True) if wanted else None
            for (of, call, like, inputs), wanted in zip(calls, self.wanted, strict=True)
        )
        return positions, table, None, value, *[None] * 5


def hash_encode_gradient(
    positions: jt.Var,
    table: jt.Var,
    v: jt.Var,
    scales: jt.Var,
    meta: jt.Var,
    layout: HashGridLayout,
    smoothstep: bool = False,
    copy: jt.Var | None = None,
) -> jt.Var:
    """The gradient by position of a scalar whose gradient by the features of ``hash_encode`` is known.

    n[s, d] = sum over l, f of v[l, s, f] d features[l, s, f] / d positions[s, d]. With v = d sdf / d features, n is the
    sdf's gradient (as far as it comes through the grid), and losses of n reach the table and v: second derivatives,
    which Jittor's own gradient of ``hash_encode`` does not have. Each gradient is computed only for arguments that are
    not ``stop_grad``. On the CPU results have the same bits for any number of threads.

    Where cells meet, derivatives jump (with ``smoothstep`` the first do not); that of the cell above is taken. Outside
    [0, 1] features are constant, yet the derivative is that of the border's cell, as for ``hash_encode``.

    Args:
        positions: float32 [S, D], in [0, 1]; others are clamped.
        table: features of all levels, float32 [layout.n_rows, F].
        v: grad of a scalar of each sample by its features, float32 [L, S, F].
        scales: ``layout.scales`` as a Var, float32 [L].
        meta: ``layout.meta`` as a Var, int32 [L, 4].
        layout: the grid's geometry.
        smoothstep: interpolation of ``hash_encode``.
        copy: likewise.

    Returns:
        float32 [S, D]. Differentiable once, in positions, table and v.

    Raises:
        ValueError: the shapes do not fit the layout or one another.
    """
    Grid.check(positions, table, layout, copy)
    expected = [layout.n_levels, positions.shape[0], layout.n_features]
    if list(v.shape) != expected:
        raise ValueError(f"v has shape {list(v.shape)}; these positions need {expected}")
    if positions.shape[0] == 0:
        return jt.zeros((0, layout.n_dims))
    # asked here: inside a Function every input is detached
    wanted = [not x.is_stop_grad() for x in (positions, table, v)]
    return _HashEncodeGradient()(
        positions, table, copy, v, scales, meta, layout, smoothstep, wanted
    )
