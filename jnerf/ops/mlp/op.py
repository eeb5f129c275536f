"""Jittor op of the MLP: forward, and the gradients of parameters and inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import jittor as jt

from jnerf.ops.activate import LINEAR, Activation, activate
from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing
from jnerf.ops.mlp.precision import precision_code
from jnerf.ops.mlp.shape import check_skip, n_params

MAX_LAYERS = 16
_WIDEST = 2**17


# One source for MLPs of every depth, with whatever inputs: each other one would cost seconds of compilation. Shapes are
# numbers in ``data`` (``numbers``), since CUDA pointers cannot be read here; arrays of several ranks arrive flat.
_SETUP = (
    "const auto shape = jnerf::MlpShape::of(data); "
    "const auto input = jnerf::MlpInput::of(data, in0_p, in1_p);"
)
_FORWARD = f"""{_SETUP} jnerf::mlp_forward(shape, input, in2_p, out0_p);
const auto activation = jnerf::ScaledActivation::of(data);
if (!activation.identity()) jnerf::activate(out0->num, {{activation, 0.0f, out0_p, nullptr, 1, out0_p, nullptr}});
"""
_BACKWARD = (
    f"{_SETUP} jnerf::mlp_backward(shape, input, in2_p, in3_p, jnerf::MlpInputGrad"
    '{data["wants_x"] != 0 ? out1_p : nullptr, data["wants_extra"] != 0 ? out2_p : nullptr}, out0_p);'
)


@cache
def numbers(name: str, widths: tuple[int, ...]) -> Mapping[str, int]:
    """Entries of ``data`` for ``MlpWidths`` in kernel.h: few, since Jittor takes its time for each.

    Args:
        name: a letter.
        widths: up to the most that there may be.

    Raises:
        ValueError: a width is out of its range.

    >>> numbers("w", (2, 1, 16, 3))
    {'wa': 274878038018, 'wb': 3}
    """
    if not 1 <= min(widths) <= max(widths) < _WIDEST:
        raise ValueError(f"layers are {list(widths)} wide; each must be in 1 .. {_WIDEST - 1}")
    found: dict[str, int] = {}
    for i, width in enumerate(widths):
        letter, place = divmod(i, 3)
        key = name + chr(ord("a") + letter)
        found[key] = found.get(key, 0) + width * _WIDEST**place
    return found


def check_once(op: str, grads: Sequence[jt.Var | None]) -> None:
    """Jittor asks for gradients without one for any output where a gradient itself is differentiated.

    Raises:
        RuntimeError: so it is.
    """
    if all(grad is None for grad in grads):
        raise RuntimeError(
            f"{op} is differentiable once, and a gradient of it was differentiated; jnerf.ops.distance_mlp gives a "
            "derivative that can be, and Jittor's own operators can"
        )


def flat(x: jt.Var) -> jt.Var:
    """``x`` as [numel]; Jittor compiles a kernel for every combination of ranks."""
    return x if x.ndim == 1 else jt.origin_reshape(x, (x.numel(),))  # Var.reshape looks at its arguments first


def shaped(x: jt.Var, shape: Sequence[int]) -> jt.Var:
    """A flat array in its own shape again."""
    return x if len(shape) == 1 else jt.origin_reshape(x, shape)


class _Mlp(Function):
    def execute(
        self, x, params, extra, widths, n_out, biased, precision, wanted, skip, activation=LINEAR
    ):
        groups, features = (x.shape[0], x.shape[2]) if x.ndim == 3 else (1, x.shape[1])
        n = x.shape[-2]
        self.shapes = x.shape, None if extra is None else extra.shape
        self.data = {
            **numbers("w", widths),
            "n_out": n_out,
            "biased": biased,
            "precision": precision,
            "skip": skip,
            "n": n,
            "groups": groups,
            "features": features,
            "extra": 0 if extra is None else extra.shape[1],
            "wants_x": wanted[0],
            "wants_extra": wanted[1],
            **activation.numbers,
        }
        extra = nothing() if extra is None else flat(extra)
        self.saved = flat(x), extra, flat(params)
        self.params_shape = params.shape
        return code_op("mlp", [(n, n_out)], ["float32"], self.saved, _FORWARD, self.data)[0]

    def grad(self, grad_out):
        check_once("mlp", [grad_out])
        x, extra, params = self.saved
        wants = self.data["wants_x"], self.data["wants_extra"]
        sizes = [
            params.numel(),
            *(v.numel() if w else 1 for v, w in zip((x, extra), wants, strict=True)),
        ]
        inputs, shapes = [*self.saved, grad_out], [(size,) for size in sizes]
        grads = code_op("mlp", shapes, ["float32"] * 3, inputs, _BACKWARD, self.data)
        grad_x, grad_extra = (
            shaped(grad, shape) if wanted else None
            for grad, shape, wanted in zip(grads[1:], self.shapes, wants, strict=True)
        )
        return grad_x, shaped(grads[0], self.params_shape), grad_extra, *[None] * 7


def mlp(
    x: jt.Var,
    params: jt.Var,
    widths: Sequence[int],
    n_out: int | None = None,
    extra: jt.Var | None = None,
    biased: bool = False,
    precision: str = "auto",
    skip: int | None = None,
    activation: Activation = LINEAR,
) -> jt.Var:
    """A multilayer perceptron with ReLU between its layers and a linear last layer.

    Differentiable once in ``params``, and in ``x`` and ``extra`` unless they are ``stop_grad``. On CUDA an MLP with
    biases, a skip connection or a layer wider than 128 goes through cuBLAS layer by layer: with bf16 operands and fp32
    sums; in fp32 where that is asked for, the device has no bf16 or there is no cuBLAS.

    Args:
        x: input, float32 [S, C], or grouped [G, S, F] with C = G F (channel g F + f), as the hash grid returns.
        params: flat parameters, float32 [n_params(widths, biased, skip)]: for each layer W [out, in], then b [out].
        widths: input width and the width of each layer's output.
        n_out: how many of the last layer's outputs are wanted (it may be padded); None for all.
        extra: further input channels, float32 [S, E], appended to those of ``x``; C + E = widths[0].
        biased: whether layers have biases.
        precision: in what products are rounded: "auto", "fp32", "bf16" or "fp16" (``precision_code``).
        skip: the layer, counted from 0, that takes [output of the layer before | input of the network] (NeRF,
            Mildenhall et al. 2020, https://arxiv.org/abs/2003.08934, appendix A); None for none.
        activation: of what comes out, in the same kernel where nobody wants gradients.

    Returns:
        float32 [S, n_out].

    Raises:
        ValueError: shapes do not fit together, the precision or the activation is unknown, or there is no layer
            ``skip``.
    """
    widths = tuple(map(int, widths))
    n_out = widths[-1] if n_out is None else n_out
    if not 2 <= len(widths) <= MAX_LAYERS + 1:
        raise ValueError(f"{len(widths) - 1} layers; an MLP has 1 to {MAX_LAYERS}")
    if x.ndim not in (2, 3):
        raise ValueError(f"x has shape {list(x.shape)}; expected [S, C] or [G, S, F]")
    n_in = x.shape[1] if x.ndim == 2 else x.shape[0] * x.shape[2]
    n_in += 0 if extra is None else extra.shape[1]
    if n_in != widths[0]:
        raise ValueError(f"the inputs have {n_in} channels; the first layer takes {widths[0]}")
    skip_code = check_skip(skip, widths)
    needed = n_params(widths, biased, skip)
    if params.numel() != needed:
        raise ValueError(f"{params.numel()} parameters; widths {list(widths)} need {needed}")
    if not 1 <= n_out <= widths[-1]:
        raise ValueError(f"n_out is {n_out}; it must be between 1 and {widths[-1]}")
    code = precision_code(precision)
    if x.shape[-2] == 0:
        return jt.zeros((0, n_out))
    # asked here: inside a Function every input is detached
    wanted = (not x.is_stop_grad(), extra is not None and not extra.is_stop_grad())
    apart = activation != LINEAR and not jt.flags.no_grad
    how = widths, n_out, biased, code, wanted, skip_code, LINEAR if apart else activation
    out = _Mlp()(x, params, extra, *how)
    return activate(out, *activation) if apart else out
