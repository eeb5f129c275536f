"""Jittor op for the points that stand for pieces of pixels' cones (Zip-NeRF, Barron et al. 2023, section 2)."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt
import numpy as np

from jnerf.ops.common import Function, code_op
from jnerf.ops.project_gaussians.op import NORMS

_AXES = "xyz"
_MIDDLE, _INVERSE = (
    "{" + ", ".join(f'(float)data["{name}_{axis}"]' for axis in _AXES) + "}"
    for name in ("middle", "inverse")
)
_PIECES = f"""
const jnerf::ConeSpace space{{(int)data["kind"], {_MIDDLE}, {_INVERSE},
    (float)data["width"]}};
const jnerf::ConePieces pieces{{in0_p, in1_p, in2_p, in3_p, in4_p, in5_p, in6_p, in3->num, space, data["random"] != 0,
    (uint32_t)data["seed"], (uint32_t)data["step"], (uint32_t)data["draw"]}};
"""
_FORWARD = f"{_PIECES} jnerf::cone_points(jnerf::ConePoints{{pieces, out0_p, out1_p}});"
_BACKWARD = f"{_PIECES} jnerf::cone_points_backward(in2->num, jnerf::ConePointsGrad{{pieces, in7_p, out0_p, out1_p}});"


def _space(aabb: Sequence[float] | np.ndarray, norm: str) -> dict[str, float]:
    """The map to the unit cube as kernels take it."""
    low, high = np.split(np.asarray(aabb, np.float64), 2)
    half, middle = (high - low) / 2, (high + low) / 2
    edges = half * (2 if norm == "none" else 4)
    found = {"kind": NORMS.index(norm), "width": float(np.exp(-np.log(edges).mean()))}
    for k, axis in enumerate(_AXES):
        found |= {f"middle_{axis}": middle[k], f"inverse_{axis}": 1 / half[k]}
    return found


class _ConePoints(Function):
    def execute(self, rays_o, rays_d, radii, t_starts, t_ends, ray_indices, packed_info, data):
        self.saved = [rays_o, rays_d, radii, t_starts, t_ends, ray_indices, packed_info]
        self.data = data
        return _points(self.saved, data)

    def grad(self, grad_points, grad_widths):
        if grad_points is None:
            return (None,) * 8
        inputs, shapes = [*self.saved, grad_points], [self.saved[0].shape] * 2
        found = code_op("cone_points", shapes, ["float32"] * 2, inputs, _BACKWARD, self.data)
        return *found, *[None] * 6


def cone_points(
    rays_o: jt.Var,
    rays_d: jt.Var,
    radii: jt.Var,
    t_starts: jt.Var,
    t_ends: jt.Var,
    ray_indices: jt.Var,
    packed_info: jt.Var,
    aabb: Sequence[float] | np.ndarray,
    norm: str = "none",
    seed: int = 0,
    step: int | None = None,
    draw: int = 0,
    trained: bool = False,
) -> tuple[jt.Var, jt.Var]:
    """Six points in each piece of a cone, on a spiral, with the mean and the variance of the piece.

    Args:
        rays_o: origins, float32 [R, 3], field units.
        rays_d: unit directions, float32 [R, 3].
        radii: radius of each ray's cone at distance 1, float32 [R, 1].
        t_starts: where each piece begins, at least 0, float32 [S].
        t_ends: where it ends, float32 [S].
        ray_indices: the ray of each piece, int32 [S].
        packed_info: (first, count) of each ray, int32 [R, 2].
        aabb: the scene's box, (lows, highs), float32 [6], field units.
        norm: "none": the box becomes the unit cube; "l2", "linf": all of space does, the box its middle half.
        seed: of the spirals' turns.
        step: training step, part of the turns' key; None: every other piece is mirrored and turned by 30 degrees.
        draw: number of a ray's first draw; a ray of n pieces takes 2 n.
        trained: whether origins and directions want gradients. They get those of the points; the spirals' sizes, axes
            and widths are constants.

    Returns:
        Points in the unit cube, float32 [6, S, 3], and their widths there, float32 [6, S].

    Raises:
        ValueError: there is not one radius per ray, or the norm is unknown.
    """
    if norm not in NORMS:
        raise ValueError(f"cone_points: norm is {norm!r}; choose one of {', '.join(NORMS)}")
    if radii.numel() != rays_o.shape[0]:
        raise ValueError(f"radii has {radii.numel()} numbers; there are {rays_o.shape[0]} rays")
    if t_starts.shape[0] == 0:
        return jt.zeros((6, 0, 3)), jt.zeros((6, 0))
    data = _space(aabb, norm) | {"random": step is not None, "seed": seed, "step": step or 0}
    data |= {"draw": draw}
    where = rays_o, rays_d, radii, t_starts, t_ends, ray_indices, packed_info
    if not trained:
        return tuple(v.stop_grad() for v in _points(list(where), data))
    points, widths = _ConePoints()(*where, data)
    return points, widths.stop_grad()


def _points(inputs: list[jt.Var], data: dict[str, float]) -> tuple[jt.Var, ...]:
    n = inputs[3].shape[0]
    shapes = [(6, n, 3), (6, n)]
    return tuple(code_op("cone_points", shapes, ["float32"] * 2, inputs, _FORWARD, data))
