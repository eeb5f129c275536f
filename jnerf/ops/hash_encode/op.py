"""Jittor op of the hash grid: forward, gradient to the table, gradient to the positions."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.hash_encode.grid import Grid
from jnerf.ops.hash_encode.layout import HashGridLayout


class _HashEncode(jt.Function):
    """``features``: None to look them up, or what an earlier lookup gave."""

    def execute(self, positions, table, scales, meta, features, layout, smoothstep, position_grad):
        self.grid = Grid(positions, table, scales, meta, layout, smoothstep)
        self.position_grad = position_grad
        return self._features() if features is None else features

    def grad(self, grad_out):
        grid, grad_positions = self.grid, None
        call = "hash_encode_table_grad(grid, in4_p, out0_p, out0_shape0)"
        grad_table = grid.code("hash_encode", grid.table.shape, call, grad_out)
        if self.position_grad:
            call = "hash_encode_position_grad(grid, in4_p, out0_p)"
            grad_positions = grid.code("hash_encode", grid.positions.shape, call, grad_out)
        return grad_positions, grad_table, None, None, None, None, None, None

    def _features(self):
        return self.grid.code(
            "hash_encode", self.grid.features_shape, "hash_encode_forward(grid, out0_p)"
        )


def hash_encode(
    positions: jt.Var,
    table: jt.Var,
    scales: jt.Var,
    meta: jt.Var,
    layout: HashGridLayout,
    smoothstep: bool = False,
) -> jt.Var:
    """Looks positions up in a multiresolution hash grid.

    Differentiable in the table, and in the positions unless they are ``stop_grad``; once only. For a gradient to the
    positions that can be differentiated again, call ``hash_encode_gradient``.

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
    Grid.check(positions, table, layout)
    if positions.shape[0] == 0:
        return jt.zeros((layout.n_levels, 0, layout.n_features))
    # asked here: inside a jt.Function every input is detached
    position_grad = not positions.is_stop_grad()
    return _HashEncode()(positions, table, scales, meta, None, layout, smoothstep, position_grad)


def hash_encode_known(
    positions: jt.Var,
    table: jt.Var,
    features: jt.Var,
    scales: jt.Var,
    meta: jt.Var,
    layout: HashGridLayout,
    smoothstep: bool = False,
) -> jt.Var:
    """``hash_encode`` whose result is known already: only the gradients are left to compute.

    For positions that were looked up before, without gradient and with the same table, for instance by a first
    look at the density.

    Args:
        positions: float32 [S, D], as of ``hash_encode``.
        table: the table that the features come from, float32 [layout.n_rows, F].
        features: what ``hash_encode`` gave for these positions and this table, float32 [L, S, F]; gets no gradient.
        scales: as of ``hash_encode``.
        meta: as of ``hash_encode``.
        layout: the grid's geometry.
        smoothstep: as of ``hash_encode``.

    Returns:
        The features, float32 [L, S, F], in the same memory. Gradients go to the table, and to the positions unless
        they are ``stop_grad``.

    Raises:
        ValueError: the shapes do not fit the layout or one another.
    """
    Grid.check(positions, table, layout)
    expected = [layout.n_levels, positions.shape[0], layout.n_features]
    if list(features.shape) != expected:
        raise ValueError(
            f"the features have shape {list(features.shape)}; these positions need {expected}"
        )
    if positions.shape[0] == 0:
        return jt.zeros(expected)
    position_grad = not positions.is_stop_grad()
    features = features.detach()
    return _HashEncode()(
        positions, table, scales, meta, features, layout, smoothstep, position_grad
    )
