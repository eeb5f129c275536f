"""Jittor op of the MLP: forward, and the gradients of parameters and inputs."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.mlp.precision import precision_code

_MAX_LAYERS = 16

_INPUT = (
    'jnerf::MlpInput input{in0_p, in1_p, (int64_t)data["n"], (int)data["groups"], '
    '(int)data["features"], (int)data["extra"]};'
)


def _setup(n_widths: int) -> str:
    """The C++ that rebuilds shape and input from ``data``: numbers, since CUDA pointers cannot be read here."""
    widths = ", ".join(f'(int)data["width{i}"]' for i in range(n_widths))
    return (
        f"const int widths[] = {{{widths}}}; "
        f'jnerf::MlpShape shape(widths, {n_widths}, (int)data["n_out"], data["biased"] != 0, '
        f'(jnerf::MlpPrecision)(int)data["precision"]); {_INPUT}'
    )


def n_params(widths: Sequence[int], biased: bool = False) -> int:
    """Number of parameters of an MLP with these layer widths.

    >>> n_params([32, 64, 16])
    3072
    """
    pairs = zip(widths[:-1], widths[1:], strict=True)
    return sum(i * o + (o if biased else 0) for i, o in pairs)


class _Mlp(jt.Function):
    def execute(self, x, params, extra, widths, n_out, biased, precision, wanted):
        groups, features = (x.shape[0], x.shape[2]) if x.ndim == 3 else (1, x.shape[1])
        n = x.shape[-2]
        self.wanted = wanted
        self.data = {"extra": 0 if extra is None else extra.shape[1]}
        if extra is None:
            extra = jt.zeros((1,)).stop_grad()
        self.data |= {f"width{i}": width for i, width in enumerate(widths)}
        self.data |= {"n_out": n_out, "biased": biased, "precision": precision}
        self.data |= {"n": n, "groups": groups, "features": features}
        self.saved = x, extra, params
        self.setup = _setup(len(widths))
        source = f"{self.setup} jnerf::mlp_forward(shape, input, in2_p, out0_p);"
        return code_op("mlp", [(n, n_out)], ["float32"], self.saved, source, self.data)[0]

    def grad(self, grad_out):
        x, extra, params = self.saved
        wanted = self.wanted
        shapes = [params.shape] + [v.shape for v, w in zip((x, extra), wanted, strict=True) if w]
        pointers = ["out1_p" if wanted[0] else "nullptr"]
        pointers += [f"out{1 + wanted[0]}_p" if wanted[1] else "nullptr"]
        source = (
            f"{self.setup} jnerf::mlp_backward(shape, input, in2_p, in3_p, "
            f"jnerf::MlpInputGrad{{{pointers[0]}, {pointers[1]}}}, out0_p);"
        )
        inputs = [*self.saved, grad_out]
        grads = code_op("mlp", shapes, ["float32"] * len(shapes), inputs, source, self.data)
        grad_x = grads[1] if wanted[0] else None
        grad_extra = grads[-1] if wanted[1] else None
        return grad_x, grads[0], grad_extra, None, None, None, None, None


def mlp(
    x: jt.Var,
    params: jt.Var,
    widths: Sequence[int],
    n_out: int | None = None,
    extra: jt.Var | None = None,
    biased: bool = False,
    precision: str = "auto",
) -> jt.Var:
    """A multilayer perceptron with ReLU between its layers and a linear last layer.

    Differentiable once in ``params``, and in ``x`` and ``extra`` unless they are ``stop_grad``.

    Args:
        x: input, float32 [S, C], or grouped [G, S, F] with C = G F (channel g F + f), as the hash grid returns.
        params: flat parameters, float32 [n_params(widths, biased)]: for each layer W [out, in], then b [out].
        widths: input width and the width of each layer's output.
        n_out: how many of the last layer's outputs are wanted (it may be padded); None for all.
        extra: further input channels, float32 [S, E], appended to those of ``x``; C + E = widths[0].
        biased: whether layers have biases.
        precision: in what products are rounded: "auto", "fp32", "bf16" or "fp16" (``precision_code``).

    Returns:
        float32 [S, n_out].

    Raises:
        ValueError: shapes do not fit together, or the precision is unknown.
    """
    widths = [int(w) for w in widths]
    n_out = widths[-1] if n_out is None else n_out
    if not 2 <= len(widths) <= _MAX_LAYERS + 1:
        raise ValueError(f"{len(widths) - 1} layers; an MLP has 1 to {_MAX_LAYERS}")
    if x.ndim not in (2, 3):
        raise ValueError(f"x has shape {list(x.shape)}; expected [S, C] or [G, S, F]")
    n_in = x.shape[1] if x.ndim == 2 else x.shape[0] * x.shape[2]
    n_in += 0 if extra is None else extra.shape[1]
    if n_in != widths[0]:
        raise ValueError(f"the inputs have {n_in} channels; the first layer takes {widths[0]}")
    if params.numel() != n_params(widths, biased):
        raise ValueError(
            f"{params.numel()} parameters; widths {widths} need {n_params(widths, biased)}"
        )
    if not 1 <= n_out <= widths[-1]:
        raise ValueError(f"n_out is {n_out}; it must be between 1 and {widths[-1]}")
    code = precision_code(precision)
    if x.shape[-2] == 0:
        return jt.zeros((0, n_out))
    # asked here: inside a jt.Function every input is detached
    wanted = (not x.is_stop_grad(), extra is not None and not extra.is_stop_grad())
    return _Mlp()(x, params, extra, tuple(widths), n_out, biased, code, wanted)
