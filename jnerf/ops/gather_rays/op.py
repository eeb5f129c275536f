"""Jittor op that spreads per-ray values over packed samples."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op


def _gathered(rows: jt.Var, ray_indices: jt.Var) -> jt.Var:
    source = (
        "jnerf::gather_rays(in1->num, "
        'jnerf::GatherRays{in0_p, in1_p, out0_p, (int)data["channels"]});'
    )
    shape, data = (ray_indices.shape[0], rows.shape[1]), {"channels": rows.shape[1]}
    return code_op("gather_rays", [shape], ["float32"], [rows, ray_indices], source, data)[0]


def _summed(values: jt.Var, packed_info: jt.Var) -> jt.Var:
    source = (
        "jnerf::sum_over_rays(in1_shape0, "
        'jnerf::SumOverRays{in0_p, in1_p, out0_p, (int)data["channels"]});'
    )
    shape, data = (packed_info.shape[0], values.shape[1]), {"channels": values.shape[1]}
    return code_op("gather_rays", [shape], ["float32"], [values, packed_info], source, data)[0]


class _GatherRays(Function):
    def execute(self, rows, ray_indices, packed_info):
        self.packed_info = packed_info
        return _gathered(rows, ray_indices)

    def grad(self, grad_out):
        return _summed(grad_out, self.packed_info), None, None


class _SumOverRays(Function):
    def execute(self, values, ray_indices, packed_info):
        self.ray_indices = ray_indices
        return _summed(values, packed_info)

    def grad(self, grad_out):
        return _gathered(grad_out, self.ray_indices), None, None


def gather_rays(rows: jt.Var, ray_indices: jt.Var, packed_info: jt.Var) -> jt.Var:
    """The row of its ray for every packed sample; differentiable in ``rows``.

    Args:
        rows: one row per ray, float32 [R, C].
        ray_indices: ray of each sample, int32 [S].
        packed_info: (first, count) of each ray's samples, int32 [R, 2].

    Returns:
        float32 [S, C].
    """
    if ray_indices.shape[0] == 0:
        return jt.zeros((0, rows.shape[1]))
    return _GatherRays()(rows, ray_indices, packed_info)


def sum_over_rays(values: jt.Var, ray_indices: jt.Var, packed_info: jt.Var) -> jt.Var:
    """Sums of what samples have over the samples of each ray; differentiable in ``values``.

    Args:
        values: one row per sample, float32 [S, C]; 0 in rows of padding.
        ray_indices: ray of each sample, int32 [S].
        packed_info: (first, count) of each ray's samples, int32 [R, 2].

    Returns:
        float32 [R, C].
    """
    if values.shape[0] == 0 or packed_info.shape[0] == 0:
        return jt.zeros((packed_info.shape[0], values.shape[1]))
    return _SumOverRays()(values, ray_indices, packed_info)
