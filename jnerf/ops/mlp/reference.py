"""The specification of ``mlp`` in NumPy, in any precision."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def concatenate(x: np.ndarray, extra: np.ndarray | None) -> np.ndarray:
    """The first layer's input [S, C] from ``x`` ([S, C] or grouped [G, S, F]) and ``extra`` [S, E]."""
    if x.ndim == 3:
        x = x.transpose(1, 0, 2).reshape(x.shape[1], -1)
    return x if extra is None else np.concatenate([x, extra], axis=1)


def unpack(params: np.ndarray, widths: Sequence[int], biased: bool) -> list[tuple]:
    """(W [out, in], b [out] or None) of each layer from the flat parameters."""
    layers, at = [], 0
    for n_in, n_out in zip(widths[:-1], widths[1:], strict=True):
        weight = params[at : at + n_in * n_out].reshape(n_out, n_in)
        at += n_in * n_out
        layers.append((weight, params[at : at + n_out] if biased else None))
        at += n_out if biased else 0
    return layers


def mlp(x, params, widths, n_out, extra=None, biased=False) -> np.ndarray:
    """Output [S, n_out]; arguments as in ``jnerf.ops.mlp``."""
    h = concatenate(x, extra)
    layers = unpack(params, widths, biased)
    for i, (weight, bias) in enumerate(layers):
        h = h @ weight.T + (0 if bias is None else bias)
        if i + 1 < len(layers):
            h = np.maximum(h, 0)
    return h[:, :n_out]


def mlp_grad(x, params, widths, n_out, grad_out, extra=None, biased=False) -> tuple:
    """Gradients of the concatenated input [S, C + E] and of the parameters, flat."""
    layers = unpack(params, widths, biased)
    inputs = [concatenate(x, extra)]
    for weight, bias in layers[:-1]:
        inputs.append(np.maximum(inputs[-1] @ weight.T + (0 if bias is None else bias), 0))
    grad = np.zeros((len(inputs[0]), widths[-1]), dtype=params.dtype)
    grad[:, :n_out] = grad_out
    flat = []
    for i in range(len(layers) - 1, -1, -1):
        bias_grad = [grad.sum(axis=0)] if biased else []
        flat = [(grad.T @ inputs[i]).ravel(), *bias_grad, *flat]
        grad = grad @ layers[i][0]
        if i > 0:
            grad = grad * (inputs[i] > 0)
    return grad, np.concatenate(flat)
