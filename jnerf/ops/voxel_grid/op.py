"""Jittor ops of a sparse voxel grid (Plenoxels, Fridovich-Keil et al. 2022, https://arxiv.org/abs/2112.05131)."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.voxel_grid.layout import SH_WIDTH, VoxelLayout

# Input ``i`` are the links.
_GRID = "jnerf::VoxelLinks{{in{0}_p, {{in{0}_shape2, in{0}_shape1, in{0}_shape0}}}}"
_FIELD = (
    f"jnerf::voxel_field(out0->num, {{{_GRID.format(0)}, in1_p, in2_p, in3_p, in4_p, in5_p,"
    " out0_p, out1_p});"
)
_BACKWARD = (
    f"jnerf::voxel_field_backward(in4->num, {{{_GRID.format(0)}, in1_p, in2_p, in3_p, in4_p, in5_p,"
    " in6_p, in7_p}, in8_p, out0->num, out0_p, out1_p);"
)
_RAYS = (
    f"jnerf::voxel_field_rays_backward(in4->num, {{{{{_GRID.format(0)}, in1_p, in2_p, in3_p, in4_p, in5_p,"
    " in6_p, in7_p}, in8_p, in9_p, out0_p, out1_p});"
)
_INTERP = (
    f"jnerf::voxel_interp(in1->num / 3, {{{_GRID.format(0)}, (int)out0->shape[1], in1_p, in2_p,"
    ' out0_p, data["positive"] != 0});'
)


class _VoxelField(Function):
    def execute(self, density, sh, layout, positions, rays_d, ray_indices, wants_rays):
        n = positions.shape[0]
        self.wants_rays, self.rows = wants_rays, [density, sh]
        self.planes, self.shapes = layout.planes, [density.shape, sh.shape]
        self.where = [layout.links, positions, rays_d, ray_indices]
        inputs = [*self.where, density, sh]
        out = code_op("voxel_grid", [(n,), (n, 3)], ["float32"] * 2, inputs, _FIELD)
        self.out = out
        return tuple(out)

    def grad(self, grad_sigmas, grad_rgbs):
        n = self.out[0].shape[0]
        grad_sigmas = jt.zeros((n,)) if grad_sigmas is None else grad_sigmas
        grad_rgbs = jt.zeros((n, 3)) if grad_rgbs is None else grad_rgbs
        inputs = [*self.where, *self.out, grad_sigmas, grad_rgbs, self.planes]
        grads = code_op("voxel_grid", self.shapes, ["float32"] * 2, inputs, _BACKWARD)
        of_rays = None, None
        if self.wants_rays:
            inputs = [*inputs[:-1], *self.rows]
            of_rays = code_op("voxel_grid", [(n, 3)] * 2, ["float32"] * 2, inputs, _RAYS)
        return *grads, None, *of_rays, None, None


def voxel_field(
    positions: jt.Var,
    rays_d: jt.Var,
    ray_indices: jt.Var | None,
    layout: VoxelLayout,
    density: jt.Var,
    sh: jt.Var,
) -> tuple[jt.Var, jt.Var]:
    """Density and colour of samples, interpolated between the 8 vertices around each; vertices without a row are zero.

    The density is cut off at zero. The colour is ``max(0, 1/2 + sum_k Y_k(d) c_k)`` with the 9 spherical harmonics of
    ``sh_encode``; where the density is not positive it is black, and not looked up. On the CPU each row's gradient
    belongs to one thread, which adds its samples in a fixed order: the result is the same for any thread count.

    Args:
        positions: in [0, 1]^3, float32 [S, 3]; others are moved to the nearest face.
        rays_d: unit directions, float32 [R, 3].
        ray_indices: the ray of each sample, int32 [S]; None: each has a direction of its own.
        layout: which vertices have rows.
        density: raw density of each row, float32 [V, 1].
        sh: coefficients, float32 [V, 32]; see ``SH_WIDTH``.

    Returns:
        Densities, float32 [S], and colours, float32 [S, 3]; the density is NaN where a position is. Gradients go to
        ``density`` and ``sh``, and without ``ray_indices`` also to positions and directions.

    Raises:
        ValueError: shapes or dtypes do not fit together.
    """
    n = positions.shape[0]
    _check_positions("voxel_field", positions)
    _check_rows("voxel_field", "density", density, layout, 1)
    _check_rows("voxel_field", "sh", sh, layout, SH_WIDTH)
    if rays_d.ndim != 2 or rays_d.shape[1] != 3 or rays_d.dtype != "float32":
        raise ValueError(
            f"voxel_field: rays_d are {rays_d.dtype} {list(rays_d.shape)}; give float32 [R, 3]"
        )
    wants_rays = ray_indices is None
    if wants_rays:
        ray_indices = jt.arange(rays_d.shape[0]).int32()
    if list(ray_indices.shape) != [n] or ray_indices.dtype != "int32":
        raise ValueError(
            f"voxel_field: ray_indices are {ray_indices.dtype} {list(ray_indices.shape)}; give int32 [{n}]"
        )
    if n == 0 or layout.n_rows == 0:
        return jt.zeros((n,)), jt.zeros((n, 3))
    return _VoxelField()(density, sh, layout, positions, rays_d, ray_indices, wants_rays)


def voxel_interp(
    positions: jt.Var, layout: VoxelLayout, values: jt.Var, positive: bool = False
) -> jt.Var:
    """Any C values of each row, interpolated; vertices without a row are zero. Nothing is differentiable.

    Args:
        positions: in [0, 1]^3, float32 [S, 3]; others are moved to the nearest face.
        layout: which vertices have rows.
        values: float32 [V, C].
        positive: of C = 1, negative results become 0: densities.

    Returns:
        float32 [S, C].

    Raises:
        ValueError: shapes or dtypes do not fit together.
    """
    _check_positions("voxel_interp", positions)
    width = values.shape[1] if values.ndim == 2 else 1
    _check_rows("voxel_interp", "values", values, layout, width)
    n = positions.shape[0]
    if n == 0 or layout.n_rows == 0:
        return jt.zeros((n, width)).stop_grad()
    inputs = [layout.links, positions, values]
    data = {"positive": positive}
    return code_op("voxel_grid", [(n, width)], ["float32"], inputs, _INTERP, data)[0].stop_grad()


def _check_positions(owner: str, positions: jt.Var) -> None:
    if positions.ndim != 2 or positions.shape[1] != 3 or positions.dtype != "float32":
        raise ValueError(
            f"{owner}: positions are {positions.dtype} {list(positions.shape)}; give float32 [S, 3]"
        )


def _check_rows(owner: str, name: str, rows: jt.Var, layout: VoxelLayout, width: int) -> None:
    if list(rows.shape) != [layout.n_rows, width] or rows.dtype != "float32":
        raise ValueError(
            f"{owner}: {name} is {rows.dtype} {list(rows.shape)}; give float32 [{layout.n_rows}, {width}]"
        )
