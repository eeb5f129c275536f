"""Jittor op: rays of cameras that are moved by twists, with gradients to the twists."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt

from jnerf.ops.common import Function, code_op

#: How origins move; directions are turned in both.
MODES = ("so3xr3", "se3")

_CHUNK = 1024  # kMoveChunk in kernel.h
_HOW = '{(float)data["x"], (float)data["y"], (float)data["z"]}, data["rigid"] != 0'
_FORWARD = f"jnerf::move_rays(in2->num, jnerf::MoveRays{{in0_p, in1_p, in2_p, in3_p, {_HOW}, out0_p, out1_p}});"
_BACKWARD = (
    "jnerf::move_rays_backward({jnerf::MoveRaysGrad{in0_p, in1_p, in2_p, in3_p, in4_p, in5_p, "
    f"{_HOW}}}, in4->num, in5_shape0, out1_p}}, out0_p);"
)


class _MoveRays(Function):
    def execute(self, twists, rays_o, rays_d, images, data):
        n = images.shape[0]
        inputs = [rays_o, rays_d, images, twists]
        moved = code_op("move_rays", [(n, 3)] * 2, ["float32"] * 2, inputs, _FORWARD, data)
        self.saved, self.data = (rays_o, moved[1], images, twists), data
        return tuple(moved)

    def grad(self, grad_o, grad_d):
        rays_o, moved_d, images, twists = self.saved
        shape = rays_o.shape
        grad_o = jt.zeros(shape) if grad_o is None else grad_o
        grad_d = jt.zeros(shape) if grad_d is None else grad_d
        parts = -(-images.shape[0] // _CHUNK), *twists.shape
        inputs = [rays_o, moved_d, grad_o, grad_d, images, twists]
        shapes = [twists.shape, parts]
        out = code_op("move_rays", shapes, ["float32"] * 2, inputs, _BACKWARD, self.data)
        return out[0], None, None, None, None


def move_rays(
    twists: jt.Var,
    rays_o: jt.Var,
    rays_d: jt.Var,
    images: jt.Var,
    mode: str = "so3xr3",
    pivot: Sequence[float] = (0.0, 0.0, 0.0),
) -> tuple[jt.Var, jt.Var]:
    """Rays of cameras, each of which is moved by a twist (v, w): a shift and a turn about w by |w| radians.

    "so3xr3": d' = exp([w]x) d, o' = o + v, each camera turned about itself (nerfstudio's SO3xR3). "se3": both are moved
    by exp of the twist in se(3) about the pivot, o' = pivot + exp([w]x) (o - pivot) + J(w) v (BARF). Differentiable in
    the twists alone, also where they are 0; sums have a fixed order.

    Args:
        twists: v, in the units of the origins, and w, radians, of each camera, float32 [N, 6].
        rays_o: origins, float32 [R, 3].
        rays_d: unit directions, float32 [R, 3].
        images: the camera of each ray, int32 [R].
        mode: one of ``MODES``.
        pivot: what "se3" turns about.

    Returns:
        Origins and unit directions, float32 [R, 3] each.

    Raises:
        ValueError: the mode is unknown, or the shapes do not fit.
    """
    if mode not in MODES:
        raise ValueError(f"move_rays: mode is {mode!r}; choose one of {', '.join(MODES)}")
    n = images.shape[0]
    shapes = [list(v.shape) for v in (twists, rays_o, rays_d)]
    if twists.ndim != 2 or shapes[0][1] != 6 or shapes[1:] != [[n, 3]] * 2 or not shapes[0][0]:
        raise ValueError(
            f"move_rays: twists {shapes[0]}, rays {shapes[1]} and {shapes[2]} of {n} images; give [N, 6] and [R, 3]"
        )
    if n == 0:
        return jt.zeros((0, 3)), jt.zeros((0, 3))
    x, y, z = (float(part) for part in pivot)
    data = {"x": x, "y": y, "z": z, "rigid": mode == "se3"}
    return _MoveRays()(twists, rays_o, rays_d, images, data)
