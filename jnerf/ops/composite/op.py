"""Jittor op of compositing: forward, and the gradients of densities and colours."""

from __future__ import annotations

from typing import NamedTuple

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing


class Composited(NamedTuple):
    """What ``composite`` returns; shapes as documented there."""

    colors: jt.Var | None
    opacities: jt.Var
    depths: jt.Var
    weights: jt.Var
    trans: jt.Var


def _sources(behind: bool) -> tuple[str, str]:
    """Forward and backward, with a background or without one."""
    setup = (
        'jnerf::CompositeInput input{in0_p, data["colored"] != 0 ? in1_p : nullptr, in2_p, in3_p, in4_p, '
        f"{'in5_p' if behind else 'nullptr'}, "
        '(float)data["early_stop"], data["opaque"] != 0, data["last_color"] != 0}; '
    )
    forward = (
        f"{setup} jnerf::composite_forward(in4_shape0, in0->num, "
        "jnerf::CompositeForward{input, out0_p, out1_p, out2_p, out3_p, out4_p});"
    )
    n = 6 if behind else 5
    grads = ", ".join(f'data["given{i}"] != 0 ? in{n + 2 + i}_p : nullptr' for i in range(5))
    backward = (
        f"{setup} jnerf::composite_backward(in4_shape0, in0->num, jnerf::CompositeBackward{{input, "
        f"in{n}_p, in{n + 1}_p, {grads}, out0_p, input.rgbs ? out1_p : nullptr}});"
    )
    return forward, backward


_BARE, _BEHIND = _sources(False), _sources(True)
_RANKS = 2, 2, 2, 1, 1  # weights and transmittances are [S], the others have a row for each ray


class _Composite(Function):
    def execute(self, sigmas, rgbs, t_starts, t_ends, packed_info, background, options):
        n_rays, n_samples = packed_info.shape[0], sigmas.shape[0]
        inputs = [sigmas, nothing(ndim=2) if rgbs is None else rgbs, t_starts, t_ends, packed_info]
        self.inputs = inputs + ([] if background is None else [background])
        self.data = {**options, "colored": rgbs is not None}
        source, self.backward = _BARE if background is None else _BEHIND
        shapes = [(n_rays, 3), (n_rays, 1), (n_rays, 1), (n_samples,), (n_samples,)]
        outputs = code_op("composite", shapes, ["float32"] * 5, self.inputs, source, self.data)
        self.weights, self.trans = outputs[3:]
        return tuple(outputs)

    def grad(self, *grads):
        data = {**self.data, **{f"given{i}": 1 for i, g in enumerate(grads) if g is not None}}
        grads = [nothing(ndim=n) if g is None else g for g, n in zip(grads, _RANKS, strict=True)]
        inputs = [*self.inputs, self.weights, self.trans, *grads]
        shapes, dtypes = [self.inputs[0].shape, self.inputs[1].shape], ["float32"] * 2
        grad_sigmas, grad_rgbs = code_op("composite", shapes, dtypes, inputs, self.backward, data)
        return grad_sigmas, grad_rgbs if data["colored"] else None, *[None] * 5


def composite(
    sigmas: jt.Var,
    rgbs: jt.Var | None,
    t_starts: jt.Var,
    t_ends: jt.Var,
    packed_info: jt.Var,
    background: jt.Var | None = None,
    early_stop: float = 1e-4,
    opaque: bool = False,
    last_color: bool = False,
) -> Composited:
    """Composites packed samples along their rays (Mildenhall et al. 2020, equation 3).

    Differentiable once in ``sigmas`` and ``rgbs``.

    Args:
        sigmas: density, float32 [S].
        rgbs: colour, float32 [S, 3]; None where only weights are wanted: ``colors`` is then None.
        t_starts: interval starts, float32 [S].
        t_ends: interval ends, float32 [S].
        packed_info: (first, count) of each ray's samples, int32 [R, 2]. Rows behind those of the last ray are padding:
            they weigh nothing and get no gradient.
        background: colour behind each ray, float32 [R, 3]; None for black. It gets no gradient.
        early_stop: a ray ends where its transmittance falls below this, and then sees no background.
        opaque: the last sample of each ray lets nothing through, whatever its density.
        last_color: the colour of the last sample, with its gradient, lies behind each ray; ``background`` must be None.

    Returns:
        colors [R, 3], opacities [R, 1], depths [R, 1] (sum of weight x midpoint), weights [S] and
        trans [S] (transmittance in front of each sample), all float32.

    Raises:
        ValueError: shapes do not fit together, or there are two backgrounds.
    """
    if last_color and background is not None:
        raise ValueError("composite: give either a background or last_color")
    if rgbs is None and (last_color or background is not None):
        raise ValueError(
            "composite: without rgbs there is nothing for a background to be seen behind"
        )
    n_rays, n_samples = packed_info.shape[0], sigmas.shape[0]
    expected = {
        "sigmas": (sigmas, [n_samples]),
        "t_starts": (t_starts, [n_samples]),
        "t_ends": (t_ends, [n_samples]),
        "packed_info": (packed_info, [n_rays, 2]),
    }
    if rgbs is not None:
        expected["rgbs"] = rgbs, [n_samples, 3]
    if background is not None:
        expected["background"] = background, [n_rays, 3]
    for name, (var, shape) in expected.items():
        if var.shape != shape:
            raise ValueError(f"{name} has shape {list(var.shape)}; expected {shape}")
    if n_rays == 0 or n_samples == 0:
        colors = jt.zeros((n_rays, 3)) if background is None else background
        colors = None if rgbs is None else colors
        zeros = jt.zeros((n_rays, 1))
        return Composited(colors, zeros, zeros, jt.zeros((n_samples,)), jt.ones((n_samples,)))
    options = {"early_stop": early_stop, "opaque": opaque, "last_color": last_color}
    found = _Composite()(sigmas, rgbs, t_starts, t_ends, packed_info, background, options)
    return Composited(None if rgbs is None else found[0], *found[1:])
