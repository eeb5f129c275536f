"""Jittor op that makes the background of a batch: one colour, or a random one for each ray."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt

from jnerf.ops.common import code_op

_SOURCE = """
jnerf::background(out0_shape0, jnerf::Background{data["random"] != 0, (uint32_t)data["seed"], (uint32_t)data["step"],
    (uint32_t)data["draw"], {(float)data["red"], (float)data["green"], (float)data["blue"]}, out0_p});
"""


def background(
    n_rays: int,
    color: Sequence[float] | None = None,
    seed: int = 0,
    step: int = 0,
    draw: int = 0,
) -> jt.Var:
    """The colour behind each ray, without gradient.

    Args:
        n_rays: R.
        color: the same for all rays, [3]; None: uniform in [0, 1) for each, a function of (seed, step, ray) alone.
        seed: the run's seed.
        step: the training step.
        draw: number of the first of three draws.

    Returns:
        float32 [R, 3].
    """
    if n_rays == 0:
        return jt.zeros((0, 3)).stop_grad()
    red, green, blue = (0.0, 0.0, 0.0) if color is None else (float(c) for c in color)
    data = {"random": int(color is None), "seed": seed, "step": step, "draw": draw}
    data |= {"red": red, "green": green, "blue": blue}
    return code_op("background", [(n_rays, 3)], ["float32"], [], _SOURCE, data)[0].stop_grad()
