"""Jittor op: rendered colours under the exposures of their images, with gradients to both."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing

_CHUNK = 1024  # kExposeChunk in kernel.h
_RAYS = 'in0_p, in1_p, data["behind"] != 0 ? in2_p : nullptr, in3_p, in4_p, in5_p'
_FORWARD = f"jnerf::expose(in5->num, jnerf::Expose{{{_RAYS}, out0_p}});"
_BACKWARD = (
    f"jnerf::expose_backward(jnerf::ExposeGrad{{{_RAYS}, in6_p, out0_p, out1_p}}, in5->num, in4_shape0, "
    "out3_p, out2_p);"
)


class _Expose(Function):
    def execute(self, colors, opacities, background, rgba, stops, images):
        self.data = {"behind": int(background is not None)}
        background = nothing(ndim=2) if background is None else background
        self.saved = [colors, opacities, background, rgba, stops, images]
        return code_op("expose", [colors.shape], ["float32"], self.saved, _FORWARD, self.data)[0]

    def grad(self, grad_out):
        colors, opacities, _, _, stops, images = self.saved
        parts = -(-images.shape[0] // _CHUNK), *stops.shape
        shapes = [colors.shape, opacities.shape, stops.shape, parts]
        inputs = [*self.saved, grad_out]
        out = code_op("expose", shapes, ["float32"] * 4, inputs, _BACKWARD, self.data)
        return out[0], out[1], None, None, out[2], None


def expose(
    colors: jt.Var,
    opacities: jt.Var,
    background: jt.Var | None,
    rgba: jt.Var,
    stops: jt.Var,
    images: jt.Var,
) -> jt.Var:
    """What a camera takes of rendered rays: their own colour times 2^stops in linear light, the background as it is.

    With o the opacity, b the background and s = (color - (1 - o) b) / o the ray's own colour, in sRGB: o f(s) +
    (1 - o) b, f(s) = srgb(2^stops linear(s)). Where the photograph is white (a channel of ``rgba`` is 1) its sensor may
    have been full: f is at most 1 there. Rays of an opacity below 0.001 stay as they are. Differentiable once in
    ``colors``, ``opacities`` and ``stops``; sums have a fixed order.

    Args:
        colors: sRGB, over the background, float32 [R, 3].
        opacities: float32 [R, 1].
        background: float32 [R, 3]; None for black.
        rgba: true colours, straight, float32 [R, 4].
        stops: of each image and channel, float32 [N, 3].
        images: the image of each ray, int32 [R].

    Returns:
        sRGB, float32 [R, 3].

    Raises:
        ValueError: the shapes do not fit.
    """
    n = images.shape[0]
    found = [list(v.shape) for v in (colors, opacities, rgba)]
    found += [] if background is None else [list(background.shape)]
    right = [[n, 3], [n, 1], [n, 4], [n, 3]][: len(found)]
    if found != right or stops.ndim != 2 or stops.shape[1] != 3 or not stops.shape[0]:
        raise ValueError(
            f"expose: colors, opacities, rgba and background are {found}, stops {list(stops.shape)}, of {n} images; "
            "give [R, 3], [R, 1], [R, 4], [R, 3] and [N, 3]"
        )
    if n == 0:
        return jt.zeros((0, 3))
    return _Expose()(colors, opacities, background, rgba, stops, images)
