"""The specification of ``mlp`` in NumPy, in any precision."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jnerf.ops.mlp.shape import layer_inputs


def concatenate(x: np.ndarray, extra: np.ndarray | None) -> np.ndarray:
    """The first layer's input [S, C] from ``x`` ([S, C] or grouped [G, S, F]) and ``extra`` [S, E]."""
    if x.ndim == 3:
        x = x.transpose(1, 0, 2).reshape(x.shape[1], -1)
    return x if extra is None else np.concatenate([x, extra], axis=1)


def unpack(
    params: np.ndarray, widths: Sequence[int], biased: bool, skip: int | None = None
) -> list[tuple]:
    """(W [out, in], b [out] or None) of each layer from the flat parameters."""
    layers, at = [], 0
    for n_in, n_out in zip(layer_inputs(widths, skip), widths[1:], strict=True):
        weight = params[at : at + n_in * n_out].reshape(n_out, n_in)
        at += n_in * n_out
        layers.append((weight, params[at : at + n_out] if biased else None))
        at += n_out if biased else 0
    return layers


def exact(x: np.ndarray) -> np.ndarray:
    """What is multiplied is not rounded."""
    return x


def multiplied(x, layers, extra, skip, rounded=exact) -> list[np.ndarray]:
    """What each layer multiplies [S, in]."""
    inputs = [rounded(concatenate(x, extra))]
    for i, (weight, bias) in enumerate(layers[:-1]):
        h = inputs[-1] @ rounded(weight).T + (0 if bias is None else bias)
        h = rounded(np.maximum(h, 0))
        inputs.append(np.concatenate([h, inputs[0]], axis=1) if i + 1 == skip else h)
    return inputs


def mlp(x, params, widths, n_out, extra=None, biased=False, skip=None, rounded=exact) -> np.ndarray:
    """Output [S, n_out]; arguments as in ``jnerf.ops.mlp``; ``rounded``: applied to what is multiplied."""
    layers = unpack(params, widths, biased, skip)
    weight, bias = layers[-1]
    h = multiplied(x, layers, extra, skip, rounded)[-1] @ rounded(weight).T
    return (h + (0 if bias is None else bias))[:, :n_out]


def mlp_grad(
    x, params, widths, n_out, grad_out, extra=None, biased=False, skip=None, rounded=exact
) -> tuple:
    """Gradients of the concatenated input [S, C + E] and of the parameters, flat."""
    layers = unpack(params, widths, biased, skip)
    inputs = multiplied(x, layers, extra, skip, rounded)
    grad = np.zeros((len(inputs[0]), widths[-1]), dtype=params.dtype)
    grad[:, :n_out] = grad_out
    flat, again = [], 0
    for i in range(len(layers) - 1, -1, -1):
        grad = rounded(grad)
        bias_grad = [grad.sum(axis=0)] if biased else []
        flat = [(grad.T @ inputs[i]).ravel(), *bias_grad, *flat]
        grad = grad @ rounded(layers[i][0])
        if i == skip:
            again, grad = grad[:, widths[i] :], grad[:, : widths[i]]
        if i > 0:
            grad = grad * (inputs[i][:, : widths[i]] > 0)
    return grad + again, np.concatenate(flat)
