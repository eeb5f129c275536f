"""Jittor op that turns pixels of posed cameras into rays; ``Cameras.generate_rays`` is its NumPy specification."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op


def camera_rays(
    cameras: jt.Var,
    x: jt.Var,
    y: jt.Var,
    c2w: jt.Var,
    intrinsics: jt.Var,
    local: jt.Var | None = None,
) -> tuple[jt.Var, jt.Var]:
    """Rays through the centres of pixels.

    Args:
        cameras: the camera of each ray, int32 [R].
        x: pixel column, int32 [R].
        y: pixel row, int32 [R].
        c2w: OpenGL camera-to-world poses, float32 [N, 3, 4].
        intrinsics: fx, fy, cx, cy in pixels, float32 [N, 4].
        local: direction of each ray in its camera, float32 [R, 3], for lenses that bend light; None for a pinhole.

    Returns:
        Origins and unit directions, float32 [R, 3] each; nothing is differentiable.
    """
    n = cameras.shape[0]
    if n == 0:
        return jt.zeros((0, 3)), jt.zeros((0, 3))
    inputs = [cameras, x, y, c2w, intrinsics] + ([] if local is None else [local])
    where = "nullptr" if local is None else "in5_p"
    source = (
        "jnerf::camera_rays(in0->num, "
        f"jnerf::CameraRays{{in0_p, in1_p, in2_p, in3_p, in4_p, {where}, out0_p, out1_p}});"
    )
    out = code_op("camera_rays", [(n, 3)] * 2, ["float32"] * 2, inputs, source)
    return tuple(v.stop_grad() for v in out)


_ALL = """
jnerf::camera_rays(out0->num / 3, jnerf::CameraRays{nullptr, nullptr, nullptr, in0_p, in1_p, nullptr, out0_p, out1_p,
    (int)data["camera"], (int64_t)data["first"], (int64_t)data["width"]});
"""


def view_rays(
    camera: int, first: int, n: int, width: int, c2w: jt.Var, intrinsics: jt.Var
) -> tuple[jt.Var, jt.Var]:
    """Rays through pixels of one pinhole camera, counted row after row: nothing but numbers is handed over.

    Args:
        camera: which one.
        first: the first pixel.
        n: how many.
        width: pixels of a row.
        c2w: as of ``camera_rays``.
        intrinsics: as of ``camera_rays``.

    Returns:
        What ``camera_rays`` gives for these pixels, bit by bit.
    """
    if n == 0:
        return jt.zeros((0, 3)), jt.zeros((0, 3))
    data = {"camera": camera, "first": first, "width": width}
    out = code_op("camera_rays", [(n, 3)] * 2, ["float32"] * 2, [c2w, intrinsics], _ALL, data)
    return tuple(v.stop_grad() for v in out)


def pixel_radii(
    cameras: jt.Var, rays_d: jt.Var, sides: jt.Var, forward: jt.Var | None = None
) -> jt.Var:
    """Radii at distance 1 of the cones through pixels: ``sides[camera] (rays_d . forward[camera])``.

    Args:
        cameras: the camera of each ray, int32 [R].
        rays_d: unit directions, float32 [R, 3].
        sides: radius on each camera's axis, float32 [N, 1].
        forward: the axis of each camera, float32 [N, 3]; None: pixels are alike in every direction.

    Returns:
        float32 [R, 1]; nothing is differentiable.
    """
    n = cameras.shape[0]
    if n == 0:
        return jt.zeros((0, 1)).stop_grad()
    inputs = [cameras, rays_d, sides] + ([] if forward is None else [forward])
    axes = "nullptr" if forward is None else "in3_p"
    source = (
        f"jnerf::pixel_radii(in0->num, jnerf::PixelRadii{{in0_p, in2_p, {axes}, in1_p, out0_p}});"
    )
    return code_op("camera_rays", [(n, 1)], ["float32"], inputs, source)[0].stop_grad()
