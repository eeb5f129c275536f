"""Jittor op for the midpoints of sample intervals."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op

_SOURCE = (
    "jnerf::ray_points(out0->num / 3, jnerf::RayPoints{in0_p, in1_p, in2_p, in3_p, in4_p, out0_p});"
)
_BACKWARD = (
    "jnerf::ray_points_backward(in3->num / 2, "
    "jnerf::RayPointsGrad{in0_p, in1_p, in2_p, in3_p, out0_p, out1_p});"
)


class _RayPoints(Function):
    def execute(self, rays_o, rays_d, t_starts, t_ends, ray_indices, packed_info):
        self.saved, self.shape = (t_starts, t_ends, packed_info), rays_o.shape
        return _points(rays_o, rays_d, t_starts, t_ends, ray_indices)

    def grad(self, grad_out):
        inputs, shapes = [grad_out, *self.saved], [self.shape, self.shape]
        grads = code_op("ray_points", shapes, ["float32"] * 2, inputs, _BACKWARD)
        return *grads, None, None, None, None


def ray_points(
    rays_o: jt.Var,
    rays_d: jt.Var,
    t_starts: jt.Var,
    t_ends: jt.Var,
    ray_indices: jt.Var,
    packed_info: jt.Var | None = None,
) -> jt.Var:
    """Positions ``o + (t_start + t_end) / 2 * d`` of packed samples.

    Args:
        rays_o: origins, float32 [R, 3].
        rays_d: directions, float32 [R, 3].
        t_starts: interval starts, float32 [S].
        t_ends: interval ends, float32 [S].
        ray_indices: ray of each sample, int32 [S].
        packed_info: (first, count) of each ray, int32 [R, 2], for gradients to origins and directions, of which at
            least one is trained; rows that belong to no ray are padding and have none. None: rays are data.

    Returns:
        float32 [S, 3].
    """
    where = rays_o, rays_d, t_starts, t_ends, ray_indices
    if packed_info is None:
        return _points(*where).stop_grad()
    if t_starts.shape[0] == 0:
        return jt.zeros((0, 3))
    return _RayPoints()(*where, packed_info)


def _points(*inputs: jt.Var) -> jt.Var:
    return code_op("ray_points", [(inputs[2].shape[0], 3)], ["float32"], inputs, _SOURCE)[0]
