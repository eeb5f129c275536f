"""Jittor ops of the losses that train proposals, with the gradient of the proposal's weights."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op

#: A round's histogram: (starts, ends, weights) float32 [S], and packed_info int32 [R, 2].
Histogram = tuple[jt.Var, jt.Var, jt.Var, jt.Var]

_STEPS = (
    "const jnerf::StepWeights proposal{in0_p, in1_p, in2_p, in3_p}, field{in4_p, in5_p, in6_p, in7_p}; "
)
_OPTIONS = {"Interlevel": "", "InterlevelBlurred": '(float)data["radius"], '}


def _kernel(kind: str, rest: str) -> str:
    return f'jnerf::{kind}{{proposal, field, {_OPTIONS[kind]}(float)data["eps"], {rest}}}'


class _Interlevel(Function):
    def execute(self, weights, starts, ends, packed_info, field, kind, data):
        self.inputs, self.how = [starts, ends, weights, packed_info, *field], (kind, data)
        kernel = _kernel(kind, "out0_p, nullptr, nullptr")
        source = f"{_STEPS} jnerf::interlevel(out0->num, {kernel});"
        shapes = [(packed_info.shape[0],)]
        return code_op("interlevel", shapes, ["float32"], self.inputs, source, data)[0]

    def grad(self, grad):
        kind, data = self.how
        kernel = _kernel(kind, "nullptr, in8_p, out0_p")
        source = f"{_STEPS} jnerf::interlevel_backward(in8->num, out0->num, {kernel});"
        inputs, shapes = [*self.inputs, grad], [self.inputs[2].shape]
        found = code_op("interlevel", shapes, ["float32"], inputs, source, data)[0]
        return found, None, None, None, None, None, None


def interlevel(proposal: Histogram, field: Histogram, eps: float = 1e-7) -> jt.Var:
    """What the field weighs beyond the proposal's bound (mip-NeRF 360, Barron et al. 2022, equation 13).

    ``sum_i max(0, w_i - b_i)^2 / (w_i + eps)``, w_i the field's weights and b_i the sum of the proposal's weights whose
    bins overlap interval i. Differentiable once, in the proposal's weights.

    Args:
        proposal: bins that are sorted on each ray and abut.
        field: the same of the round that the proposal is to cover; constants.
        eps: keeps the quotient finite.

    Returns:
        The sum over the field's intervals of each ray, float32 [R].

    Raises:
        ValueError: the two are of different numbers of rays, sizes differ, or a number is below 0.
    """
    return _loss("Interlevel", proposal, field, {"eps": eps})


def interlevel_blurred(
    proposal: Histogram, field: Histogram, radius: float, eps: float = 1.2e-7
) -> jt.Var:
    """The same without aliasing: the field's histogram is blurred first (Zip-NeRF, Barron et al. 2023, section 3).

    ``sum_k max(0, q_k - p_k)^2 / (p_k + eps)``, p_k the proposal's weights and q_k what of the field's histogram,
    convolved with a box of half-width ``radius``, lies in bin k. Differentiable once, in the proposal's weights.

    Args:
        proposal: bins that are sorted on each ray and abut.
        field: the same of the round that the proposal is to cover; constants.
        radius: of the blur, in the coordinate of the edges.
        eps: keeps the quotient finite.

    Returns:
        The sum over the proposal's bins of each ray, float32 [R].

    Raises:
        ValueError: as of ``interlevel``.
    """
    return _loss("InterlevelBlurred", proposal, field, {"eps": eps, "radius": radius})


def _loss(kind: str, proposal: Histogram, field: Histogram, data: dict[str, float]) -> jt.Var:
    for name, value in data.items():
        if not value >= 0:
            raise ValueError(f"interlevel: {name} is {value}; it must be at least 0")
    for name, arrays in (("proposal", proposal), ("field", field)):
        sizes = [list(v.shape) for v in arrays[:3]]
        if sizes[1:] != sizes[:-1]:
            text = f"starts, ends and weights of the {name} have shapes {sizes}; they must agree"
            raise ValueError(f"interlevel: {text}")
    n_rays, others = proposal[3].shape[0], field[3].shape[0]
    if n_rays != others:
        raise ValueError(f"interlevel: {n_rays} rays of the proposal, {others} of the field")
    starts, ends, weights, packed_info = proposal
    if n_rays == 0 or weights.shape[0] == 0 or field[2].shape[0] == 0:
        return jt.zeros((n_rays,))
    return _Interlevel()(weights, starts, ends, packed_info, list(field), kind, data)
