"""Jittor op of the mean error between numbers and true ones: value and gradient at once."""

from __future__ import annotations

from typing import Literal

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.scale_rows import scale_rows

_KINDS = {"l1": 0, "l2": 1, "of_truth": 2, "of_found": 3}
_SOURCE = """
jnerf::relative_error({(jnerf::ErrorKind)(int)data["kind"], (float)data["epsilon"], (float)data["weight"], in0_p, in1_p,
    in0->num, in0->num / in1->num, out1_p, out2_p}, out0_p);
"""


class _RelativeError(Function):
    def execute(self, found, truth, data):
        shapes = [(1,), found.shape, found.shape]
        inputs = [found, truth]
        results = code_op("relative_error", shapes, ["float32"] * 3, inputs, _SOURCE, data)
        self.gradient = results[2]
        return results[0]

    def grad(self, grad):
        return scale_rows(self.gradient, grad), None, None


def relative_error(
    found: jt.Var,
    truth: jt.Var,
    kind: Literal["l1", "l2", "of_truth", "of_found"] = "l2",
    epsilon: float = 0.01,
    weight: float = 1.0,
) -> jt.Var:
    """``weight`` times the mean over rows and columns of an error between p and y; differentiable once in p.

    "l1": |p - y|; "l2": (p - y)^2; "of_truth": |p - y| / (|y| + epsilon); "of_found": (p - y)^2 / (p^2 + epsilon),
    whose denominator has no gradient.

    Args:
        found: p, float32 [R, C].
        truth: y, float32 [R, C], or [R, 1] for all columns; without gradient.
        kind: which error.
        epsilon: above 0, of the relative ones.
        weight: a factor.

    Returns:
        float32 [1].

    Raises:
        ValueError: sizes do not fit together, or the kind is unknown.

    >>> relative_error(jt.array([[1.0, 3.0]]), jt.array([[2.0]]), "l2").item()
    1.0
    """
    if kind not in _KINDS:
        raise ValueError(f"relative_error: kind is {kind!r}; choose one of {', '.join(_KINDS)}")
    shape = list(found.shape)
    if len(shape) != 2 or list(truth.shape) not in ([shape[0], 1], shape):
        raise ValueError(
            f"relative_error: {shape} and true ones {list(truth.shape)}; give [R, C], and [R, C] or [R, 1]"
        )
    if found.numel() == 0:
        return (found.sum() * 0).reshape((1,))
    return _RelativeError()(
        found, truth, {"kind": _KINDS[kind], "epsilon": epsilon, "weight": weight}
    )
