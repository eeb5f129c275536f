"""Jittor op that draws the pixels of training rays."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op

_DRAW = """
jnerf::draw_pixels(out0->num, jnerf::DrawPixels{in0_p, (uint32_t)in0_shape0, (uint32_t)data["shift"],
    (uint32_t)data["seed"], (uint32_t)data["step"], (uint32_t)data["draw_x"], (uint32_t)data["draw_y"],
    out0_p, out1_p, out2_p});
"""


def draw_pixels(
    n_rays: int, windows: jt.Var, shift: int, seed: int, step: int, draws: tuple[int, int]
) -> tuple[jt.Var, jt.Var, jt.Var]:
    """One pixel for each ray, a function of (seed, step, ray) alone.

    Args:
        n_rays: R.
        windows: the part of each image that pixels come from: first column, first row, width, height, int32 [N, 4].
        shift: ray i is of image (i + shift) mod N.
        seed: the run's seed.
        step: the training step.
        draws: numbers of the draws for column and row.

    Returns:
        Images, columns and rows, int32 [R] each.
    """
    if n_rays == 0:
        return tuple(jt.zeros((0,), "int32") for _ in range(3))
    data = {"shift": shift, "seed": seed, "step": step, "draw_x": draws[0], "draw_y": draws[1]}
    out = code_op("draw_pixels", [(n_rays,)] * 3, ["int32"] * 3, [windows], _DRAW, data)
    return tuple(v.stop_grad() for v in out)
