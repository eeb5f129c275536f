"""Jittor op of points with a width in a hash grid: features, gradient to the table, gradient to the points."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing
from jnerf.ops.half_copy import STORED, check_copy
from jnerf.ops.hash_encode import HashGridLayout


class _Multisample(Function):
    def execute(self, points, table, copy, widths, scales, meta, sizes, layout, data, point_grad):
        self.layout, self.data, self.point_grad = layout, data, point_grad
        self.table, self.read = table, table if copy is None else copy
        self.points, self.rest = [points, widths], [scales, meta]
        self.rest.append(nothing() if sizes is None else sizes)
        width = layout.n_features + (sizes is not None)
        shape = layout.n_levels, points.shape[1], width
        return self._code(self.read, shape, "multisample_forward{F}(in, out0_p)")

    def grad(self, grad):
        points, table = self.points[0], self.table
        call = "multisample_table_grad{F}(in, in6_p, out0_p, out0_shape0)"
        grad_table = self._code(table, table.shape, call, grad)
        grad_points = None
        if self.point_grad:
            call = "multisample_point_grad{F}(in, in6_p, out0_p)"
            grad_points = self._code(self.read, points.shape, call, grad)
        return grad_points, grad_table, *[None] * 8

    def _code(self, table, shape, call, *others):
        stored = STORED[str(table.dtype)]
        source = (
            f"const jnerf::MultisampleOf<{stored}> in{{{{in0_p, (const {stored}*)in2_p, in3_p, in4_p, in0_shape1, "
            "(int)in3->num, false}, in1_p, "
            'data["sized"] != 0 ? in5_p : nullptr, in0_shape0, (float)data["factor"]}; '
            f"jnerf::{call.replace('{F}', f'<{self.layout.n_features}>')};"
        )
        inputs = [*self.points, table, *self.rest, *others]
        return code_op("multisample_encode", [shape], ["float32"], inputs, source, self.data)[0]


def multisample_encode(
    points: jt.Var,
    widths: jt.Var,
    table: jt.Var,
    scales: jt.Var,
    meta: jt.Var,
    layout: HashGridLayout,
    sizes: jt.Var | None = None,
    factor: float = 1.0,
    copy: jt.Var | None = None,
) -> jt.Var:
    """Features of samples that several points with a width stand for (Zip-NeRF, Barron et al. 2023, section 2).

    A point of width sigma counts on a level of N cells a side by erf(1 / (sqrt8 sigma N)), nothing where cells are much
    finer; features are the mean over a sample's points. Differentiable once in the table, and in the points unless they
    are ``stop_grad``; widths and sizes are constants.

    Args:
        points: float32 [P, S, 3], in [0, 1]; others are clamped.
        widths: at least 0, in the same unit, float32 [P, S].
        table: features of all levels, float32 [layout.n_rows, F].
        scales: ``layout.scales`` as a Var, float32 [L].
        meta: ``layout.meta`` as a Var, int32 [L, 4].
        layout: the grid's geometry, of three dimensions.
        sizes: None; or how large a level's features are, float32 [L]: there is a further feature then, 2 times the mean
            of the points' weights, minus 1, times that.
        factor: of all features.
        copy: as of ``hash_encode``.

    Returns:
        Features, level-major: float32 [L, S, F], or [L, S, F + 1] with ``sizes``.

    Raises:
        ValueError: shapes do not fit together.
    """
    rows = [layout.n_rows, layout.n_features]
    n = points.shape[1] if points.ndim == 3 else 0
    expected = {
        "points": (points, [points.shape[0], n, 3]),
        "widths": (widths, [points.shape[0], n]),
        "table": (table, rows),
        "sizes": (sizes, [layout.n_levels]),
    }
    for name, (var, shape) in expected.items():
        if var is not None and list(var.shape) != shape:
            raise ValueError(
                f"multisample_encode: {name} has shape {list(var.shape)}; expected {shape}"
            )
    check_copy(copy, *rows)
    if layout.n_dims != 3 or points.shape[0] < 1:
        raise ValueError(
            f"multisample_encode: {points.shape[0]} points of {layout.n_dims} dimensions; give at least 1, of 3"
        )
    if n == 0:
        return jt.zeros((layout.n_levels, 0, layout.n_features + (sizes is not None)))
    data = {"sized": sizes is not None, "factor": factor}
    # asked here: inside a Function every input is detached
    wanted = not points.is_stop_grad()
    return _Multisample()(points, table, copy, widths, scales, meta, sizes, layout, data, wanted)
