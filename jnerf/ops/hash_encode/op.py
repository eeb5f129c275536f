"""Jittor op of the hash grid: forward, gradient to the table, gradient to the positions."""

from __future__ import annotations

from dataclasses import replace

import jittor as jt

from jnerf.ops.common import Function
from jnerf.ops.hash_encode.grid import Grid
from jnerf.ops.hash_encode.layout import HashGridLayout


class _HashEncode(Function):
    """``features``: None to look them up, or what an earlier lookup gave; ``copy``: read in the table's place."""

    def execute(self, positions, table, copy, scales, meta, features, layout, smoothstep, wanted):
        self.grid = Grid(positions, table, scales, meta, layout, smoothstep)
        self.read = self.grid if copy is None else replace(self.grid, table=copy)
        self.position_grad, self.half = wanted
        return self._features() if features is None else features

    def grad(self, grad_out):
        grid, grad_positions = self.grid, None
        kind = "_half" if self.half else ""
        call = f"hash_encode_table_grad{kind}(grid, in4_p, out0_p, out0_shape0)"
        grad_table = grid.code("hash_encode", grid.table.shape, call, grad_out)
        if self.position_grad:
            call = "hash_encode_position_grad(grid, in4_p, out0_p)"
            grad_positions = self.read.code("hash_encode", grid.positions.shape, call, grad_out)
        return grad_positions, grad_table, *[None] * 7

    def _features(self):
        return self.read.code(
            "hash_encode", self.grid.features_shape, "hash_encode_forward(grid, out0_p)"
        )


def wants_half(grad_precision: str, layout: HashGridLayout) -> bool:
    """Whether the gradient to the table is summed in fp16.

    "fp32": it is not. "fp16": on CUDA two features of a row are one addition to memory, eleven bits each; a power of
    two of each level, found on the device from the sum of its gradients, keeps sums from overflowing and from
    vanishing (``half_grad.h``). What is handed on is fp32 in both cases. A CPU has no fp16 sums and takes fp32 for it.

    Raises:
        ValueError: the name is unknown, or rows of a single feature have no pairs.
    """
    if grad_precision not in ("fp32", "fp16"):
        raise ValueError(f"grad_precision is {grad_precision!r}; choose 'fp32' or 'fp16'")
    if grad_precision == "fp16" and layout.n_features % 2:
        raise ValueError(
            "grad_precision is 'fp16', which adds pairs of features; "
            f"n_features is {layout.n_features}: choose 2, 4 or 8"
        )
    return grad_precision == "fp16"


def hash_encode(
    positions: jt.Var,
    table: jt.Var,
    scales: jt.Var,
    meta: jt.Var,
    layout: HashGridLayout,
    smoothstep: bool = False,
    grad_precision: str = "fp32",
    copy: jt.Var | None = None,
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
        grad_precision: see ``wants_half``.
        copy: the table rounded to float16 or bfloat16 (``jnerf.ops.half_copy``), which is read in its place; rows
            behind the layout's are left alone. Gradients go to the table as if it had been read.

    Returns:
        Features, level-major: float32 [L, S, F].

    Raises:
        ValueError: the shapes do not fit the layout, or the precision does not.
    """
    Grid.check(positions, table, layout, copy)
    half = wants_half(grad_precision, layout)
    if positions.shape[0] == 0:
        return jt.zeros((layout.n_levels, 0, layout.n_features))
    # asked here: inside a Function every input is detached
    wanted = not positions.is_stop_grad(), half
    return _HashEncode()(positions, table, copy, scales, meta, None, layout, smoothstep, wanted)


def hash_encode_known(
    positions: jt.Var,
    table: jt.Var,
    features: jt.Var,
    scales: jt.Var,
    meta: jt.Var,
    layout: HashGridLayout,
    smoothstep: bool = False,
    grad_precision: str = "fp32",
    copy: jt.Var | None = None,
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
        grad_precision: as of ``hash_encode``.
        copy: as of ``hash_encode``.

    Returns:
        The features, float32 [L, S, F], in the same memory. Gradients go to the table, and to the positions unless
        they are ``stop_grad``.

    Raises:
        ValueError: the shapes do not fit the layout or one another, or the precision does not.
    """
    Grid.check(positions, table, layout, copy)
    half = wants_half(grad_precision, layout)
    expected = [layout.n_levels, positions.shape[0], layout.n_features]
    if list(features.shape) != expected:
        raise ValueError(
            f"the features have shape {list(features.shape)}; these positions need {expected}"
        )
    if positions.shape[0] == 0:
        return jt.zeros(expected)
    wanted = not positions.is_stop_grad(), half
    features = features.detach()
    return _HashEncode()(positions, table, copy, scales, meta, features, layout, smoothstep, wanted)
