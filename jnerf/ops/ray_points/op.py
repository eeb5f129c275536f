"""Jittor op for the midpoints of sample intervals."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op


def ray_points(
    rays_o: jt.Var, rays_d: jt.Var, t_starts: jt.Var, t_ends: jt.Var, ray_indices: jt.Var
) -> jt.Var:
    """Positions ``o + (t_start + t_end) / 2 * d`` of packed samples.

    No gradient flows through it: rays are data.

    Args:
        rays_o: origins, float32 [R, 3].
        rays_d: directions, float32 [R, 3].
        t_starts: interval starts, float32 [S].
        t_ends: interval ends, float32 [S].
        ray_indices: ray of each sample, int32 [S].

    Returns:
        float32 [S, 3].
    """
    n = t_starts.shape[0]
    source = "jnerf::ray_points(out0->num / 3, jnerf::RayPoints{in0_p, in1_p, in2_p, in3_p, in4_p, out0_p});"
    inputs = [rays_o, rays_d, t_starts, t_ends, ray_indices]
    return code_op("ray_points", [(n, 3)], ["float32"], inputs, source)[0].stop_grad()
