"""The MLP's reference with the operands of every product rounded to bf16, as ``precision="bf16"`` has it."""

import numpy as np

from jnerf.ops.mlp import reference


def rounded(x: np.ndarray) -> np.ndarray:
    """Nearest bf16, ties to even, as float32."""
    bits = x.astype(np.float32).view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32)


def _inputs(x, layers, extra) -> list[np.ndarray]:
    """What each layer multiplies [S, in]."""
    inputs = [rounded(reference.concatenate(x, extra))]
    for weight, bias in layers[:-1]:
        h = inputs[-1] @ rounded(weight).T + (0 if bias is None else bias)
        inputs.append(rounded(np.maximum(h, 0)))
    return inputs


def mlp(x, params, widths, n_out, extra=None, biased=False) -> np.ndarray:
    """Output [S, n_out]; arguments as in ``jnerf.ops.mlp.reference``."""
    layers = reference.unpack(params, widths, biased)
    weight, bias = layers[-1]
    h = _inputs(x, layers, extra)[-1] @ rounded(weight).T + (0 if bias is None else bias)
    return h[:, :n_out]


def mlp_grad(x, params, widths, n_out, grad_out, extra=None, biased=False) -> tuple:
    """Gradients of the concatenated input [S, C + E] and of the parameters, flat."""
    layers = reference.unpack(params, widths, biased)
    inputs = _inputs(x, layers, extra)
    grad = np.zeros((len(inputs[0]), widths[-1]), np.float32)
    grad[:, :n_out] = grad_out
    flat = []
    for i in range(len(layers) - 1, -1, -1):
        grad = rounded(grad)
        bias_grad = [grad.sum(axis=0)] if biased else []
        flat = [(grad.T @ inputs[i]).ravel(), *bias_grad, *flat]
        grad = grad @ rounded(layers[i][0])
        if i > 0:
            grad = grad * (inputs[i] > 0)
    return grad, np.concatenate(flat)


def assert_close(got: np.ndarray, wanted: np.ndarray, tolerance: float = 2e-3) -> None:
    """Compares norms: sums in another order round a hidden value to the other side now and then."""
    assert got.shape == wanted.shape
    assert np.linalg.norm(got - wanted) <= tolerance * np.linalg.norm(wanted) + 1e-30
