"""Jittor op for Gaussians of conical frustums along directions of the (contracted) unit cube (mip-NeRF 360)."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt
import numpy as np

from jnerf.ops.common import Function, code_op

#: How space reaches the cube, by name: the box as it is, or contracted in one of two norms.
NORMS = ("none", "l2", "linf")

_SPACE = '{{{}}}, {{{}}}, (jnerf::ContractionNorm)(int)data["norm"]'.format(
    *(", ".join(f'(float)data["{name}{k}"]' for k in range(3)) for name in ("middle", "inverse"))
)
_SOURCE = (
    f"jnerf::project_gaussians(in3->num, jnerf::ProjectGaussians{{{{{_SPACE}}}, in6_shape0, "
    "in0_p, in1_p, in2_p, in3_p, in4_p, in5_p, in6_p, out0_p, out1_p});"
)
_BACKWARD = (
    f"jnerf::project_gaussians_backward(in5->num / 2, jnerf::ProjectGaussiansGrad{{{{{_SPACE}}}, in6_shape0, "
    "in0_p, in1_p, in2_p, in3_p, in4_p, in5_p, in6_p, in7_p, in8_p, out0_p, out1_p});"
)


class _ProjectGaussians(Function):
    def execute(self, rays_o, rays_d, *others):
        radii, t_starts, t_ends, ray_indices, directions, packed_info, self.data = others
        self.saved = [rays_o, rays_d, radii, t_starts, t_ends, packed_info, directions]
        where = rays_o, rays_d, radii, t_starts, t_ends, ray_indices
        return _project(*where, directions, self.data)

    def grad(self, grad_means, grad_variances):
        rays_o, _, _, t_starts, *_, directions = self.saved
        nothing = jt.zeros((t_starts.shape[0], directions.shape[0]))
        grads = [nothing if g is None else g for g in (grad_means, grad_variances)]
        how = [rays_o.shape] * 2, ["float32"] * 2, [*self.saved, *grads], _BACKWARD, self.data
        return *code_op("project_gaussians", *how), *[None] * 7


def project_gaussians(
    rays_o: jt.Var,
    rays_d: jt.Var,
    radii: jt.Var,
    t_starts: jt.Var,
    t_ends: jt.Var,
    ray_indices: jt.Var,
    directions: jt.Var,
    aabb: Sequence[float] | np.ndarray,
    norm: str = "none",
    packed_info: jt.Var | None = None,
) -> tuple[jt.Var, jt.Var]:
    """Means and variances of the pieces of pixels' cones along directions of the unit cube.

    Each piece is a Gaussian (``frustum_gaussians``), whose whole covariance goes through the map of space to first
    order: J S J^T, J at the mean (mip-NeRF 360, Barron et al. 2022, https://arxiv.org/abs/2111.12077, section 2).

    Args:
        rays_o: origins, float32 [R, 3], field units.
        rays_d: unit directions, float32 [R, 3].
        radii: radius of each ray's cone at distance 1, float32 [R, 1].
        t_starts: where each piece begins, float32 [S].
        t_ends: where it ends, float32 [S].
        ray_indices: the ray of each piece, int32 [S].
        directions: unit vectors, float32 [B, 3].
        aabb: the scene's box, (lows, highs), float32 [6], field units.
        norm: "none": the box becomes the cube; "l2", "linf": all of space does, the box its middle half.
        packed_info: (first, count) of each ray, int32 [R, 2], for gradients to origins and directions, of which at
            least one is trained; None: rays are data.

    Returns:
        Means, from the middle of the cube, and variances, float32 [S, B] each, in edges of the cube.

    Raises:
        ValueError: there is not one radius per ray, directions are not [B, 3], or the norm is unknown.
    """
    if radii.numel() != rays_o.shape[0]:
        raise ValueError(f"radii has {radii.numel()} numbers; there are {rays_o.shape[0]} rays")
    if directions.ndim != 2 or directions.shape[1] != 3:
        raise ValueError(f"directions are {list(directions.shape)}; they must be [B, 3]")
    if norm not in NORMS:
        raise ValueError(f"norm is {norm!r}; choose one of {', '.join(NORMS)}")
    n = t_starts.shape[0]
    if n == 0:
        return jt.zeros((0, directions.shape[0])), jt.zeros((0, directions.shape[0]))
    low, high = np.split(np.asarray(aabb, np.float64), 2)
    data: dict[str, float] = {"norm": NORMS.index(norm)}
    data |= {f"middle{k}": float((low[k] + high[k]) / 2) for k in range(3)}
    data |= {f"inverse{k}": float(2 / (high[k] - low[k])) for k in range(3)}
    where = rays_o, rays_d, radii, t_starts, t_ends, ray_indices, directions
    if packed_info is None:
        return tuple(v.stop_grad() for v in _project(*where, data))
    return _ProjectGaussians()(*where, packed_info, data)


def _project(*inputs) -> tuple[jt.Var, ...]:
    *where, data = inputs
    shape = where[3].shape[0], where[6].shape[0]
    return tuple(code_op("project_gaussians", [shape] * 2, ["float32"] * 2, where, _SOURCE, data))
