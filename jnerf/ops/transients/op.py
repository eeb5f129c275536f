"""Jittor ops of what is transient in a photograph: the field's numbers, the mixture with the scene, and the loss."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing

_OP = "transients"


def _each(kernel: str, n: str, shapes: Sequence, inputs: Sequence[jt.Var], data: dict) -> list:
    """Runs a kernel for each of ``n`` elements."""
    source = f"jnerf::transient_each({n}, jnerf::{kernel});"
    return code_op(_OP, shapes, ["float32"] * len(shapes), list(inputs), source, data)


def _given(grads: Sequence[jt.Var | None], ranks: Sequence[int]) -> tuple[list[jt.Var], dict]:
    """Gradients as inputs of a kernel, and which of them there are."""
    inputs = [nothing(ndim=r) if g is None else g for g, r in zip(grads, ranks, strict=True)]
    return inputs, {f"given{i}": g is not None for i, g in enumerate(grads)}


def _pointers(first: int, n: int) -> str:
    """Of n gradients that are inputs from ``first`` on."""
    return ", ".join(f'data["given{i}"] != 0 ? in{first + i}_p : nullptr' for i in range(n))


class _Head(Function):
    def execute(self, raw, bias, scale):
        self.raw, self.data = raw, {"bias": bias, "scale": scale}
        n = raw.shape[0]
        kernel = 'TransientHead{(float)data["bias"], (float)data["scale"], in0_p, out0_p, out1_p, out2_p}'
        return _each(kernel, "out0->num", [(n, 1), (n, 3), (n, 1)], [raw], self.data)

    def grad(self, *grads):
        inputs, given = _given(grads, (2, 2, 2))
        kernel = (
            'TransientHeadGrad{(float)data["bias"], (float)data["scale"], in0_p, '
            f"{_pointers(1, 3)}, out0_p}}"
        )
        shapes, data = [self.raw.shape], self.data | given
        return *_each(kernel, "in0_shape0", shapes, [self.raw, *inputs], data), None, None


class _Mix(Function):
    def execute(self, *inputs):
        self.inputs = inputs
        n = inputs[0].shape[0]
        kernel = "TransientMix{{in0_p, in1_p, in2_p, in3_p, in4_p}, out0_p, out1_p, out2_p}"
        return _each(kernel, "out0->num", [(n,), (n, 3), (n, 3)], inputs, {})

    def grad(self, *grads):
        inputs, data = _given(grads, (1, 2, 2))
        kernel = (
            f"TransientMixGrad{{{{in0_p, in1_p, in2_p, in3_p, in4_p}}, {_pointers(5, 3)}, "
            "out0_p, out1_p, out2_p, out3_p, out4_p}"
        )
        shapes = [value.shape for value in self.inputs]
        return tuple(_each(kernel, "out0->num", shapes, [*self.inputs, *inputs], data))


class _Seen(Function):
    def execute(self, channels, least):
        n = channels.shape[0]
        kernel = 'TransientSeen{(float)data["least"], in0_p, out0_p, out1_p}'
        return _each(kernel, "out0->num", [(n, 1)] * 2, [channels], {"least": least})

    def grad(self, *grads):
        inputs, data = _given(grads, (2, 2))
        n = next(g.shape[0] for g in grads if g is not None)
        kernel = f"TransientSeenGrad{{{_pointers(0, 2)}, out0_p}}"
        return _each(kernel, "out0_shape0", [(n, 3)], inputs, data)[0], None


class _Error(Function):
    def execute(self, colors, truth, background, betas, weight):
        n = colors.shape[0]
        self.of_truth = truth.shape[1] == 3
        data = {"weight": weight, "behind": background is not None}
        inputs = [colors, truth, nothing(ndim=2) if background is None else background, betas]
        source = (
            'jnerf::transient_error(in0_shape0, {(float)data["weight"], in0_p, in1_p, '
            'data["behind"] != 0 ? in2_p : nullptr, in3_p, in1_shape1, out1_p, out2_p, out3_p}, out0_p);'
        )
        shapes = [(1,), (n,), (n, 3), (n, 1)]
        found = code_op(_OP, shapes, ["float32"] * 4, inputs, source, data)
        self.gradients = found[2:]
        return found[0]

    def grad(self, grad):
        by_colors, by_betas = self.gradients
        shapes = [by_colors.shape, by_betas.shape, *[by_colors.shape] * self.of_truth]
        truth = "out2_p" if self.of_truth else "nullptr"
        kernel = f"TransientErrorGrad{{in0_p, in1_p, in2_p, out0_p, out1_p, {truth}}}"
        inputs = [grad, by_colors, by_betas]
        colors, betas, *of_truth = _each(kernel, "out1->num", shapes, inputs, {})
        return colors, of_truth[0] if of_truth else None, None, betas, None


def transient_head(raw: jt.Var, bias: float, scale: float) -> tuple[jt.Var, jt.Var, jt.Var]:
    """Density, colour and uncertainty of what is transient, from an MLP's numbers (d, r, g, b, u); differentiable once.

    Args:
        raw: float32 [S, 5].
        bias: added to d.
        scale: of the density.

    Returns:
        scale softplus(d + bias) [S, 1], sigmoid(r, g, b) [S, 3] and softplus(u) [S, 1], float32.

    Raises:
        ValueError: there are not five numbers of each sample.
    """
    if raw.ndim != 2 or raw.shape[1] != 5:
        raise ValueError(f"transient_head: the shape is {list(raw.shape)}; give [S, 5]")
    if raw.shape[0] == 0:
        return jt.zeros((0, 1)), jt.zeros((0, 3)), jt.zeros((0, 1))
    return tuple(_Head()(raw, bias, scale))


def transient_mix(
    sigmas: jt.Var, rgbs: jt.Var, densities: jt.Var, colors: jt.Var, betas: jt.Var
) -> tuple[jt.Var, jt.Var, jt.Var]:
    """The scene with what is transient: densities add up, colours mix by their shares; differentiable once.

    Args:
        sigmas: density of the scene, float32 [S].
        rgbs: its colour, float32 [S, 3].
        densities: of what is transient, float32 [S, 1].
        colors: its colour, float32 [S, 3].
        betas: how uncertain that is, float32 [S, 1].

    Returns:
        Density [S] and colour [S, 3] of both, and (share beta, share, 0) [S, 3], share the transient's of the density:
        what rays see of it when it is composited in place of colours.

    Raises:
        ValueError: shapes do not fit together.
    """
    n = sigmas.shape[0]
    given = [sigmas, rgbs, densities, colors, betas]
    shapes = [list(value.shape) for value in given]
    if shapes != [[n], [n, 3], [n, 1], [n, 3], [n, 1]]:
        raise ValueError(
            f"transient_mix: shapes are {shapes}; give [S], [S, 3], [S, 1], [S, 3], [S, 1]"
        )
    if n == 0:
        return jt.zeros((0,)), jt.zeros((0, 3)), jt.zeros((0, 3))
    return tuple(_Mix()(*given))


def transient_seen(channels: jt.Var, least: float) -> tuple[jt.Var, jt.Var]:
    """Uncertainty, ``least`` of a ray in front of which nothing is, and opacity of rays; differentiable once.

    Args:
        channels: what ``transient_mix`` gives, composited, float32 [R, 3].
        least: above 0.

    Returns:
        float32 [R, 1] each.

    Raises:
        ValueError: there are not three channels of each ray.
    """
    if channels.ndim != 2 or channels.shape[1] != 3:
        raise ValueError(f"transient_seen: the shape is {list(channels.shape)}; give [R, 3]")
    if channels.shape[0] == 0:
        return jt.zeros((0, 1)), jt.zeros((0, 1))
    return tuple(_Seen()(channels, least))


def transient_error(
    colors: jt.Var, truth: jt.Var, background: jt.Var | None, betas: jt.Var, weight: float = 1.0
) -> jt.Var:
    """``weight`` times the mean of (c - C)^2 / (2 b^2) over rays and channels, and of log b over rays.

    Differentiable once in ``colors``, ``betas``, and a truth of three columns.

    Args:
        colors: rendered, float32 [R, 3].
        truth: true colours, float32 [R, 3]; or straight with alpha, [R, 4], which lie over the background.
        background: float32 [R, 3]; None for black.
        betas: uncertainty b of rays, above 0, float32 [R, 1].
        weight: a factor.

    Returns:
        float32 [1].

    Raises:
        ValueError: shapes do not fit together.
    """
    n = colors.shape[0]
    fits = list(colors.shape) == [n, 3] and list(betas.shape) == [n, 1]
    fits = fits and list(truth.shape) in ([n, 3], [n, 4])
    if not fits or (background is not None and list(background.shape) != [n, 3]):
        shapes = [list(v.shape) for v in (colors, truth, background, betas) if v is not None]
        raise ValueError(
            f"transient_error: shapes are {shapes}; give [R, 3], [R, 3] or [R, 4], [R, 3] or None, [R, 1]"
        )
    if n == 0:
        return (colors.sum() * 0).reshape((1,))
    return _Error()(colors, truth, background, betas, weight)
