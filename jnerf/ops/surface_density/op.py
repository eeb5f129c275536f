"""Jittor ops of NeuS's densities (Wang et al. 2021, https://arxiv.org/abs/2106.10689, equation 13)."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op

_OP = "surface_density"
_INPUT = 'jnerf::SurfaceDensity{in0_p, in1_p, in2_p, in3_p, in4_p, in5_p, in6_p, (float)data["annealed"]}'
_FORWARD = f"jnerf::parallel_for(out0->num, jnerf::SurfaceDensityForward{{{_INPUT}, out0_p}});"
_BACKWARD = f"""jnerf::surface_density_backward(in0->num,
    jnerf::SurfaceDensityBackward{{{_INPUT}, in7_p, out0_p, out1_p, out2_p}}, out3_p);"""
_ALONG = (
    "jnerf::parallel_for(out0->num, "
    "jnerf::DensityAlong{in0_p, in1_p, in2_p, in3_p, in4_p, out0_p, out0->num});"
)
_SHARPNESS = (
    'jnerf::parallel_for(1, jnerf::Sharpness{in0_p, nullptr, (float)data["most"], '
    '(float)data["radius"], out0_p});'
)
_SHARPNESS_GRAD = _SHARPNESS.replace("nullptr", "in1_p")


class _SurfaceDensity(Function):
    def execute(self, sdf, normals, sharpness, t_starts, t_ends, rays_d, ray_indices, annealed):
        self.inputs = [sdf, normals, t_starts, t_ends, rays_d, ray_indices, sharpness]
        self.data = {"annealed": annealed}
        shape = (sdf.shape[0],)
        return code_op(_OP, [shape], ["float32"], self.inputs, _FORWARD, self.data)[0]

    def grad(self, grad):
        sdf, normals, sharpness = self.inputs[0], self.inputs[1], self.inputs[-1]
        shapes = [sdf.shape, normals.shape, (sdf.shape[0],), sharpness.shape]
        inputs = [*self.inputs, grad]
        found = code_op(_OP, shapes, ["float32"] * 4, inputs, _BACKWARD, self.data)
        return found[0], found[1], found[3], *[None] * 5


def surface_density(
    sdf: jt.Var,
    normals: jt.Var,
    sharpness: jt.Var,
    t_starts: jt.Var,
    t_ends: jt.Var,
    rays_d: jt.Var,
    ray_indices: jt.Var,
    annealed: float = 1.0,
) -> jt.Var:
    """The constant density of each interval that gives it the alpha of equation 13.

    Distances at the interval's ends are estimated from the one in its middle and the slope along the ray, the cosine
    between ray and normal where that is negative. Differentiable once in ``sdf``, ``normals`` and ``sharpness``.

    Args:
        sdf: in the middle of each interval, float32 [S, 1].
        normals: the distance's gradient there, float32 [S, 3].
        sharpness: s, float32 [1, 1].
        t_starts: where intervals begin, float32 [S].
        t_ends: where they end, float32 [S]; lengths below 1e-9 count as that.
        rays_d: unit directions, float32 [R, 3].
        ray_indices: the ray of each, int32 [S].
        annealed: share of the true slope; the rest is (cos - 1) / 2 where that is negative.

    Returns:
        float32 [S], at least 0.

    Raises:
        ValueError: shapes do not fit together.
    """
    n = t_starts.shape[0]
    _check(n, sdf=(sdf, [n, 1]), normals=(normals, [n, 3]), sharpness=(sharpness, [1, 1]))
    if n == 0:
        return jt.zeros((0,))
    return _SurfaceDensity()(
        sdf, normals, sharpness, t_starts, t_ends, rays_d, ray_indices, float(annealed)
    )


def density_along(
    sdf: jt.Var, sharpness: jt.Var, t_starts: jt.Var, t_ends: jt.Var, ray_indices: jt.Var
) -> jt.Var:
    """``surface_density`` where gradients are not known: the slope is the mean of the differences to the neighbours on
    the same ray, 0 where there are none or it rises. Without gradient.

    Args:
        sdf: float32 [S].
        sharpness: s, float32 [1] or [1, 1].
        t_starts: where intervals begin, ascending along a ray, float32 [S].
        t_ends: where they end, float32 [S].
        ray_indices: the ray of each, ascending, int32 [S].

    Returns:
        float32 [S], at least 0.

    Raises:
        ValueError: shapes do not fit together.
    """
    n = t_starts.shape[0]
    _check(n, sdf=(sdf, [n]), ray_indices=(ray_indices, [n]))
    if n == 0:
        return jt.zeros((0,)).stop_grad()
    inputs = [sdf, t_starts, t_ends, ray_indices, sharpness.reshape((1,))]
    return code_op(_OP, [(n,)], ["float32"], inputs, _ALONG)[0].stop_grad()


class _Sharpness(Function):
    def execute(self, variance, most, radius):
        self.variance, self.data = variance, {"most": most, "radius": radius}
        return code_op(_OP, [(1, 1)], ["float32"], [variance], _SHARPNESS, self.data)[0]

    def grad(self, grad):
        inputs = [self.variance, grad]
        shape = self.variance.shape
        return code_op(_OP, [shape], ["float32"], inputs, _SHARPNESS_GRAD, self.data)[0], None, None


def sharpness_of(variance: jt.Var, most: float, radius: float) -> jt.Var:
    """s = min(exp(10 v), ``most``) / ``radius``; differentiable once.

    Args:
        variance: v, float32 [1].
        most: the largest s per radius.
        radius: of the object's ball, field units.

    Returns:
        float32 [1, 1].
    """
    return _Sharpness()(variance, float(most), float(radius))


def _check(n: int, **given: tuple[jt.Var, list[int]]) -> None:
    for name, (var, shape) in given.items():
        if list(var.shape) != shape:
            raise ValueError(
                f"{name} has shape {list(var.shape)}; expected {shape} for {n} samples"
            )
