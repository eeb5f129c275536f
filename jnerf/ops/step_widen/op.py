"""Jittor op that widens step functions (mip-NeRF 360, Barron et al. 2022, section 3.2)."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op

_SOURCE = (
    'jnerf::step_widen((int64_t)data["n_rays"], jnerf::StepWiden{in0_p, in1_p, in2_p, (int)data["n"], '
    '(float)data["by"], out0_p, out1_p, out2_p});'
)


def step_widen(
    starts: jt.Var, ends: jt.Var, weights: jt.Var, n_rays: int, by: float
) -> tuple[jt.Var, jt.Var, jt.Var]:
    """At every place the largest density within ``by`` of it, as a step function of its own.

    Args:
        starts: where n intervals of each ray begin, ascending in [0, 1], float32 [R n]; those of a ray abut.
        ends: where they end.
        weights: at least 0.
        n_rays: R.
        by: how far the density reaches, in units of the edges.

    Returns:
        starts, ends, float32 [R (3 n - 2)] each, and weights, which sum to 1 on each ray together with the two that
        lie outermost and are left out, or are all 0. Intervals may have no length. Nothing is differentiable.

    Raises:
        ValueError: rays have different numbers of intervals, or ``by`` is below 0.
    """
    size = starts.shape[0]
    if n_rays and size % n_rays:
        raise ValueError(
            f"step_widen: {size} intervals cannot be shared out evenly to {n_rays} rays"
        )
    if not by >= 0:
        raise ValueError(f"step_widen: by is {by}; it must be at least 0")
    if size == 0:
        return starts, ends, weights
    n = size // n_rays
    data = {"n_rays": n_rays, "n": n, "by": by}
    shapes, inputs = [(n_rays * (3 * n - 2),)] * 3, [starts, ends, weights]
    found = code_op("step_widen", shapes, ["float32"] * 3, inputs, _SOURCE, data)
    return tuple(v.stop_grad() for v in found)
