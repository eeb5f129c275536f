"""Jittor ops of the losses of surfaces, each value with its gradient in one kernel."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing
from jnerf.ops.scale_rows import scale_rows

_NONE = 1e-5  # where nothing counts
_SOURCE = """
jnerf::surface_loss({n}, {kernel}, (float)data["weight"], (float)data["factor"], (float)data["none"],
    out1_p, out2_p, out3_p, out0_p);
"""
_SECOND = 'data["given"] != 0 ? in{i}_p : nullptr'
_EIKONAL = _SOURCE.format(
    n="in0_shape0",
    kernel=f"jnerf::EikonalError{{in0_p, {_SECOND.format(i=1)}, "
    'data["padded"] != 0 ? in2_p : nullptr, out4_p}',
)
_MASK = _SOURCE.format(
    n="in0_shape0",
    kernel=f'jnerf::MaskError{{in0_p, in1_p, {_SECOND.format(i=2)}, (float)data["clip"], out4_p}}',
)
_MASKED = _SOURCE.format(
    n="in0_shape0", kernel=f"jnerf::MaskedError{{in0_p, in1_p, {_SECOND.format(i=2)}, out4_p}}"
)


class _SurfaceLoss(Function):
    """Differentiable in the first input."""

    def execute(self, first, others, source, data):
        inputs, n = [first, *others], first.shape[0]
        shapes = [(1,), (n,), (n,), (2,), first.shape]
        found = code_op("surface_losses", shapes, ["float32"] * 5, inputs, source, data)
        self.gradient = found[4]
        return found[0]

    def grad(self, grad):
        return scale_rows(self.gradient, grad), None, None, None


def _loss(first: jt.Var, others: Sequence[jt.Var], source: str, data: dict[str, float]) -> jt.Var:
    if first.shape[0] == 0:
        return (first.sum() * 0).reshape((1,))
    return _SurfaceLoss()(first, list(others), source, data)


def eikonal(
    gradients: jt.Var,
    inside: jt.Var | None = None,
    weight: float = 1.0,
    count: jt.Var | None = None,
) -> jt.Var:
    """``weight`` times the mean of (|g| - 1)^2 (Gropp et al. 2020, https://arxiv.org/abs/2002.10099, equation 3).

    Args:
        gradients: g of a distance, float32 [S, 3].
        inside: what each counts, float32 [S, 1]; None: all alike. Where nothing counts the loss is 0.
        weight: a factor.
        count: how many rows are samples, those behind them padding, int32 [1]; None: all.

    Returns:
        float32 [1]; differentiable once in ``gradients``.

    Raises:
        ValueError: shapes do not fit together.
    """
    n = gradients.shape[0]
    _check(gradients=(gradients, [n, 3]), inside=(inside, [n, 1]))
    given = inside is not None
    data = {"weight": weight, "factor": 1, "given": given, "padded": count is not None}
    data["none"] = _NONE if given or count is not None else 0
    others = [inside if given else nothing(ndim=2), nothing("int32") if count is None else count]
    return _loss(gradients, others, _EIKONAL, data)


def mask_entropy(
    opacities: jt.Var,
    rgba: jt.Var,
    clip: float,
    weight: float = 1.0,
    live: jt.Var | None = None,
) -> jt.Var:
    """``weight`` times the mean binary cross entropy of opacities and true alphas.

    Args:
        opacities: float32 [R, 1]; clipped to ``clip`` .. 1 - ``clip``, and without gradient where that changes them.
        rgba: true colours, float32 [R, 4].
        clip: in (0, 0.5).
        weight: a factor.
        live: 1 for rays that count, else 0, float32 [R, 1]; None: all.

    Returns:
        float32 [1]; differentiable once in ``opacities``.

    Raises:
        ValueError: shapes do not fit together.
    """
    n = opacities.shape[0]
    _check(opacities=(opacities, [n, 1]), rgba=(rgba, [n, 4]), live=(live, [n, 1]))
    given = live is not None
    data = {"weight": weight, "factor": 1, "none": 0, "clip": clip, "given": given}
    return _loss(opacities, [rgba, live if given else nothing(ndim=2)], _MASK, data)


def masked_l1(
    colors: jt.Var, rgba: jt.Var, background: jt.Var | None = None, weight: float = 1.0
) -> jt.Var:
    """``weight`` times the mean over channels of |rendered - true colour|, where rays count by their alpha.

    Args:
        colors: float32 [R, 3].
        rgba: true colours, straight, float32 [R, 4].
        background: behind the truth, float32 [R, 3]; None for black.
        weight: a factor.

    Returns:
        float32 [1]; differentiable once in ``colors``; 0 where no ray counts.

    Raises:
        ValueError: shapes do not fit together.
    """
    n = colors.shape[0]
    _check(colors=(colors, [n, 3]), rgba=(rgba, [n, 4]), background=(background, [n, 3]))
    given = background is not None
    data = {"weight": weight, "factor": 3, "none": _NONE, "given": given}
    others = [rgba, background if given else nothing(ndim=2)]
    return _loss(colors, others, _MASKED, data)


def _check(**given: tuple[jt.Var | None, list[int]]) -> None:
    for name, (var, shape) in given.items():
        if var is not None and list(var.shape) != shape:
            raise ValueError(f"{name} has shape {list(var.shape)}; expected {shape}")
