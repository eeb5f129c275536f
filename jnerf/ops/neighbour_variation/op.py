"""Jittor ops of the differences of features between random points and their neighbours along the axes."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op

_OP = "neighbour_variation"
_POINTS = """
jnerf::neighbour_points({(float)data["distance"], (uint32_t)data["seed"], (uint32_t)data["step"],
    (uint32_t)data["draw"], out0->num / 12, out0_p});
"""
_AT = '{in0_p, (int64_t)data["m"]}'
_FORWARD = (
    f'jnerf::neighbour_variation(out1->num, {{{_AT}, out1_p}}, (float)data["weight"], out0_p);'
)
_BACKWARD = f'jnerf::neighbour_variation_backward(in0->num / 4, {{{_AT}, in1_p, (float)data["weight"], out0_p}});'


class _Variation(Function):
    def execute(self, features, data):
        self.features, self.data = features, data
        shapes = [(1,), (features.numel() // 4,)]
        return code_op(_OP, shapes, ["float32"] * 2, [features], _FORWARD, data)[0]

    def grad(self, grad):
        shape, inputs = self.features.shape, [self.features, grad]
        return code_op(_OP, [shape], ["float32"], inputs, _BACKWARD, self.data)[0], None


def neighbour_points(
    n: int, distance: float, seed: int = 0, step: int = 0, draw: int = 0
) -> jt.Var:
    """Random points of the unit cube, and of each a neighbour along every axis, without gradient.

    Args:
        n: points, at least 1; a function of (seed, step, point) alone.
        distance: between neighbours, below 1; no point is closer than that to the cube's upper faces.
        seed: the run's seed.
        step: the training step.
        draw: number of the first of three draws.

    Returns:
        float32 [4 n, 3]: the points, then their neighbours along x, then along y, then along z.
    """
    data = {"distance": distance, "seed": seed, "step": step, "draw": draw}
    return code_op(_OP, [(4 * n, 3)], ["float32"], [], _POINTS, data)[0].stop_grad()


def neighbour_variation(features: jt.Var, weight: float = 1.0) -> jt.Var:
    """``weight`` times the sum of squared differences between points and their neighbours; differentiable once.

    Args:
        features: of ``neighbour_points``, float32 [4 n, F] or by levels [L, 4 n, F].
        weight: a factor.

    Returns:
        float32 [1].

    Raises:
        ValueError: rows are no multiple of 4.

    >>> neighbour_variation(jt.array([[1.0], [2.0], [1.0], [4.0]])).item()
    10.0
    """
    rows = features.shape[-2] if features.ndim in (2, 3) else 0
    if rows < 4 or rows % 4:
        raise ValueError(
            f"neighbour_variation: the shape is {list(features.shape)}; give [4 n, F] or [L, 4 n, F]"
        )
    m = rows // 4 * features.shape[-1]
    return _Variation()(features, {"m": m, "weight": weight})
