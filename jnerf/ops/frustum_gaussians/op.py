"""Jittor op for the Gaussians of conical frustums (mip-NeRF, Barron et al. 2021, equation 7)."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op

_SOURCE = (
    "jnerf::frustum_gaussians(in3->num, jnerf::FrustumGaussians{"
    "in0_p, in1_p, in2_p, in3_p, in4_p, in5_p, out0_p, out1_p});"
)
_BACKWARD = (
    "jnerf::frustum_gaussians_backward(in4->num / 2, jnerf::FrustumGaussiansGrad{"
    "in0_p, in1_p, in2_p, in3_p, in4_p, in5_p, in6_p, out0_p, out1_p});"
)


class _FrustumGaussians(Function):
    def execute(self, rays_o, rays_d, radii, t_starts, t_ends, ray_indices, packed_info):
        self.saved = [rays_d, radii, t_starts, t_ends, packed_info]
        return _gaussians(rays_o, rays_d, radii, t_starts, t_ends, ray_indices)

    def grad(self, grad_means, grad_variances):
        rays_d, _, t_starts, *_ = self.saved
        nothing = jt.zeros((t_starts.shape[0], 3))
        grads = [nothing if g is None else g for g in (grad_means, grad_variances)]
        inputs, shapes = [*self.saved, *grads], [rays_d.shape] * 2
        found = code_op("frustum_gaussians", shapes, ["float32"] * 2, inputs, _BACKWARD)
        return *found, *[None] * 5


def frustum_gaussians(
    rays_o: jt.Var,
    rays_d: jt.Var,
    radii: jt.Var,
    t_starts: jt.Var,
    t_ends: jt.Var,
    ray_indices: jt.Var,
    packed_info: jt.Var | None = None,
) -> tuple[jt.Var, jt.Var]:
    """Mean and diagonal of the covariance of the pieces of pixels' cones.

    Args:
        rays_o: origins, float32 [R, 3].
        rays_d: unit directions, float32 [R, 3].
        radii: radius of each ray's cone at distance 1, float32 [R, 1].
        t_starts: where each piece begins, float32 [S].
        t_ends: where it ends, float32 [S].
        ray_indices: the ray of each piece, int32 [S].
        packed_info: (first, count) of each ray, int32 [R, 2], for gradients to origins and directions, of which at
            least one is trained; None: rays are data.

    Returns:
        Means and variances, float32 [S, 3] each.

    Raises:
        ValueError: there is not one radius per ray.
    """
    if radii.numel() != rays_o.shape[0]:
        raise ValueError(f"radii has {radii.numel()} numbers; there are {rays_o.shape[0]} rays")
    n = t_starts.shape[0]
    if n == 0:
        return jt.zeros((0, 3)), jt.zeros((0, 3))
    where = rays_o, rays_d, radii, t_starts, t_ends, ray_indices
    if packed_info is None:
        return tuple(v.stop_grad() for v in _gaussians(*where))
    return _FrustumGaussians()(*where, packed_info)


def _gaussians(*inputs: jt.Var) -> tuple[jt.Var, ...]:
    shape = inputs[3].shape[0], 3
    return tuple(code_op("frustum_gaussians", [shape] * 2, ["float32"] * 2, inputs, _SOURCE))
