"""Jittor op: draws pixels (``draw_pixels``), sends rays through them (``camera_rays``), looks their colours up."""

from __future__ import annotations

from typing import NamedTuple

import jittor as jt

from jnerf.ops.common import code_op

_SOURCE = """
jnerf::pixel_rays(out0->num, jnerf::PixelRays{
    {in0_p, (uint32_t)in0_shape0, (uint32_t)data["shift"], (uint32_t)data["seed"], (uint32_t)data["step"],
     (uint32_t)data["draw_x"], (uint32_t)data["draw_y"], out0_p, out1_p, out2_p},
    {out0_p, out1_p, out2_p, in1_p, in2_p, nullptr, out3_p, out4_p}, in3_p, (const uint8_t*)in4_p, out5_p});
"""


class PixelRays(NamedTuple):
    """What ``pixel_rays`` returns; shapes as documented there."""

    images: jt.Var
    rays_o: jt.Var
    rays_d: jt.Var
    rgba: jt.Var


def pixel_rays(
    n_rays: int,
    windows: jt.Var,
    c2w: jt.Var,
    intrinsics: jt.Var,
    places: jt.Var,
    pixels: jt.Var,
    shift: int,
    seed: int,
    step: int,
    draws: tuple[int, int],
) -> PixelRays:
    """One pixel of a pinhole camera for each ray, a function of (seed, step, ray) alone.

    Args:
        n_rays: R, at least 1.
        windows: see ``draw_pixels``, int32 [N, 4].
        c2w: OpenGL camera-to-world poses, float32 [N, 3, 4].
        intrinsics: fx, fy, cx, cy in pixels, float32 [N, 4].
        places: of each image the number of its first pixel, as (n mod 2^30, n div 2^30), and its width, int32 [N, 3].
        pixels: RGBA bytes of all pixels, row-major, image after image, int32 [P].
        shift: see ``draw_pixels``, and so are the others.
        seed: the run's seed.
        step: the training step.
        draws: numbers of the draws for column and row.

    Returns:
        Images, int32 [R]; origins and unit directions, float32 [R, 3] each; colours of 0 to 1, float32 [R, 4]. Nothing
        is differentiable.
    """
    n = n_rays
    data = {"shift": shift, "seed": seed, "step": step, "draw_x": draws[0], "draw_y": draws[1]}
    shapes = [(n,)] * 3 + [(n, 3), (n, 3), (n, 4)]
    dtypes = ["int32"] * 3 + ["float32"] * 3
    inputs = [windows, c2w, intrinsics, places, pixels]
    found = [v.stop_grad() for v in code_op("pixel_rays", shapes, dtypes, inputs, _SOURCE, data)]
    return PixelRays(found[0], *found[3:])
