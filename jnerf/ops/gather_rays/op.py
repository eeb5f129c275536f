"""Jittor op that spreads per-ray values over packed samples."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op


class _GatherRays(jt.Function):
    def execute(self, rows, ray_indices, packed_info):
        self.shape, self.packed_info = rows.shape, packed_info
        self.data = {"channels": rows.shape[1]}
        source = (
            "jnerf::gather_rays(in1->num, "
            'jnerf::GatherRays{in0_p, in1_p, out0_p, (int)data["channels"]});'
        )
        shape = (ray_indices.shape[0], rows.shape[1])
        inputs = [rows, ray_indices]
        return code_op("gather_rays", [shape], ["float32"], inputs, source, self.data)[0]

    def grad(self, grad_out):
        source = (
            "jnerf::sum_over_rays(in1_shape0, "
            'jnerf::SumOverRays{in0_p, in1_p, out0_p, (int)data["channels"]});'
        )
        inputs = [grad_out, self.packed_info]
        out = code_op("gather_rays", [self.shape], ["float32"], inputs, source, self.data)[0]
        return out, None, None


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
