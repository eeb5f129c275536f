"""Jittor op of the distortion of rays, with the gradient of the weights."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op

_INPUT = "const jnerf::DistortionInput input{in0_p, in1_p, in2_p, in3_p}; "
_FORWARD = _INPUT + "jnerf::distortion(out0->num, {input, out0_p});"
_BACKWARD = _INPUT + "jnerf::distortion_backward(in4->num, out0->num, {input, in4_p, out0_p});"


class _Distortion(Function):
    def execute(self, weights, starts, ends, packed_info):
        self.inputs, shapes = [starts, ends, weights, packed_info], [(packed_info.shape[0],)]
        return code_op("distortion", shapes, ["float32"], self.inputs, _FORWARD)[0]

    def grad(self, grad):
        inputs, shapes = [*self.inputs, grad], [self.inputs[2].shape]
        return code_op("distortion", shapes, ["float32"], inputs, _BACKWARD)[0], None, None, None


def distortion(starts: jt.Var, ends: jt.Var, weights: jt.Var, packed_info: jt.Var) -> jt.Var:
    """How far the weights of each ray lie apart, in O(n) (mip-NeRF 360, Barron et al. 2022, equation 15).

    ``sum_ij w_i w_j |m_i - m_j| + 1/3 sum_i w_i^2 d_i``, m the midpoints and d the widths of the intervals.
    Differentiable once, in ``weights``.

    Args:
        starts: where intervals begin in whatever coordinate the distance is measured, float32 [S]; ascending on a ray.
        ends: where they end, float32 [S].
        weights: at least 0, float32 [S].
        packed_info: (first, count) of each ray, int32 [R, 2]. Rows behind those of the last ray are padding.

    Returns:
        float32 [R]; 0 for a ray without intervals.

    Raises:
        ValueError: the sizes differ.
    """
    sizes = [list(v.shape) for v in (starts, ends, weights)]
    if sizes[1:] != sizes[:-1]:
        raise ValueError(
            f"distortion: starts, ends and weights have shapes {sizes}; they must agree"
        )
    n_rays = packed_info.shape[0]
    if n_rays == 0 or weights.shape[0] == 0:
        return jt.zeros((n_rays,))
    return _Distortion()(weights, starts, ends, packed_info)
