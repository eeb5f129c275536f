"""Jittor op of the median of where a ray ends."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.common.constants import nothing

_SOURCE = """
jnerf::median_depth(out0->num, jnerf::MedianDepth{in0_p, in1_p, in2_p, in3_p, data["scaled"] != 0 ? in4_p : nullptr,
    out0_p});
"""


def median_depth(
    weights: jt.Var,
    t_starts: jt.Var,
    t_ends: jt.Var,
    packed_info: jt.Var,
    factors: jt.Var | None = None,
) -> jt.Var:
    """The distance in front of which half of each ray's weight lies.

    Unlike the mean it is not drawn away by a hundredth of the weight that lies a thousand times farther.

    Args:
        weights: at least 0, float32 [S].
        t_starts: interval starts, ascending on a ray, float32 [S].
        t_ends: interval ends, float32 [S].
        packed_info: (first, count) of each ray, int32 [R, 2].
        factors: each ray's is multiplied by its own, float32 [R, 1]; None: by 1.

    Returns:
        float32 [R, 1], 0 for rays without weight; not differentiable.
    """
    n_rays = packed_info.shape[0]
    if n_rays == 0 or weights.shape[0] == 0:
        return jt.zeros((n_rays, 1))
    inputs = [weights, t_starts, t_ends, packed_info, nothing() if factors is None else factors]
    how = _SOURCE, {"scaled": factors is not None}
    return code_op("median_depth", [(n_rays, 1)], ["float32"], inputs, *how)[0].stop_grad()
