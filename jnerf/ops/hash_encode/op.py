"""Jittor op of the hash grid: forward, gradient to the table, gradient to the positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.hash_encode.layout import HashGridLayout

_GRID = (
    "jnerf::HashGrid grid{in0_p, in1_p, in2_p, in3_p, in0_shape0, (int)in2->num, "
    'data["smoothstep"] != 0};'
)


@dataclass(frozen=True)
class _Grid:
    """The arguments that every kernel of the grid takes; Vars as seen inside a ``jt.Function``."""

    positions: jt.Var
    table: jt.Var
    scales: jt.Var
    meta: jt.Var
    layout: HashGridLayout
    smoothstep: bool

    def code(self, shape: Sequence[int], call: str, *others: jt.Var) -> jt.Var:
        """One float32 output of ``jnerf::call``, with <D, F> put behind its name."""
        kind = f"<{self.layout.n_dims}, {self.layout.n_features}>"
        source = f"{_GRID} jnerf::{call.replace('(', kind + '(', 1)};"
        inputs = [self.positions, self.table, self.scales, self.meta, *others]
        data = {"smoothstep": self.smoothstep}
        return code_op("hash_encode", [shape], ["float32"], inputs, source, data)[0]

    def features(self) -> jt.Var:
        shape = (self.layout.n_levels, self.positions.shape[0], self.layout.n_features)
        return self.code(shape, "hash_encode_forward(grid, out0_p)")

    def table_grad(self, grad_out: jt.Var) -> jt.Var:
        call = "hash_encode_table_grad(grid, in4_p, out0_p, out0_shape0)"
        return self.code(self.table.shape, call, grad_out)

    def position_grad(self, grad_out: jt.Var) -> jt.Var:
        call = "hash_encode_position_grad(grid, in4_p, out0_p)"
        return self.code(self.positions.shape, call, grad_out)


class _HashEncode(jt.Function):
    """``features``: None to look them up, or what an earlier lookup gave."""

    def execute(self, positions, table, scales, meta, features, layout, smoothstep, position_grad):
        self.grid = _Grid(positions, table, scales, meta, layout, smoothstep)
        self.position_grad = position_grad
        return self.grid.features() if features is None else features

    def grad(self, grad_out):
        grad_table = self.grid.table_grad(grad_out)
        grad_positions = self.grid.position_grad(grad_out) if self.position_grad else None
        return grad_positions, grad_table, None, None, None, None, None, None


def _check(positions: jt.Var, table: jt.Var, layout: HashGridLayout) -> None:
    if positions.ndim != 2 or positions.shape[1] != layout.n_dims:
        raise ValueError(
            f"positions have shape {list(positions.shape)}; expected [S, {layout.n_dims}]"
        )
    expected = [layout.n_rows, layout.n_features]
    if list(table.shape) != expected:
        raise ValueError(f"the table has shape {list(table.shape)}; its layout needs {expected}")


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
    _check(positions, table, layout)
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
    _check(positions, table, layout)
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
