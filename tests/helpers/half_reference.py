"""The MLP as tensor cores compute it, in NumPy: operands rounded to 16 bits, sums not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jnerf.ops.activate import EXPONENTIAL, Activation
from jnerf.ops.activate.reference import activate, slope
from jnerf.ops.mlp.reference import unpack

Rounding = Callable[[np.ndarray], np.ndarray]


def fp16(x: np.ndarray) -> np.ndarray:
    """Rounded to fp16, at most its largest number; float64."""
    return np.clip(x, -65504, 65504).astype(np.float16).astype(np.float64)


def bf16(x: np.ndarray) -> np.ndarray:
    """Rounded to bf16; float64."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16 << 16).view(np.float32).astype(np.float64)


def scaled(x: np.ndarray, rounding: Rounding) -> np.ndarray:
    """Rounded at a scale that brings the largest number to [8, 16)."""
    scale = 2.0 ** (4 - np.frexp(np.abs(x).max())[1]) if np.any(x) else 1.0
    return rounding(x * scale) / scale


def layers(rows, params, widths, rounding: Rounding) -> tuple[list, list, np.ndarray]:
    """Rounded weights, the rounded input of every layer, and the last layer's sums."""
    weights = [rounding(w) for w, _ in unpack(params, widths, False)]
    inputs = [rounding(rows)]
    for weight in weights[:-1]:
        inputs.append(rounding(np.maximum(inputs[-1] @ weight.T, 0)))
    return weights, inputs, inputs[-1] @ weights[-1].T


def mlp(rows, params, widths, n_out, rounding: Rounding) -> np.ndarray:
    """Output [S, n_out] of ``jnerf.ops.mlp`` for rows [S, C]."""
    return layers(rows, params, widths, rounding)[2][:, :n_out]


def mlp_grad(rows, params, widths, n_out, grad_out, rounding: Rounding) -> tuple:
    """Gradients of the rows and of the parameters, flat."""
    weights, inputs, _ = layers(rows, params, widths, rounding)
    grad = np.zeros((len(rows), widths[-1]))
    grad[:, :n_out] = scaled(grad_out.astype(np.float64), rounding)
    flat = []
    for i in range(len(weights) - 1, -1, -1):
        flat = [(grad.T @ inputs[i]).ravel(), *flat]
        grad = grad @ weights[i]
        if i > 0:
            grad = scaled(grad * (inputs[i] > 0), rounding)
    return grad, np.concatenate(flat)


def field(
    x, trunk, head, widths, extra, rays, grads, rounding: Rounding, density: Activation = EXPONENTIAL
) -> tuple:
    """(sigmas, rgbs), and the gradients of rows x, trunk and head, for grads = (of sigmas, of rgbs)."""
    geometry = mlp(x, trunk, widths[0], widths[0][-1], rounding)
    rows = geometry if extra is None else np.concatenate([geometry, extra[rays]], axis=1)
    rgbs = 1 / (1 + np.exp(-mlp(rows, head, widths[1], 3, rounding)))
    grad_rows, grad_head = mlp_grad(
        rows, head, widths[1], 3, grads[1] * rgbs * (1 - rgbs), rounding
    )
    middle = scaled(grad_rows[:, : geometry.shape[1]], rounding)
    raw = geometry[:, 0]
    middle[:, 0] += grads[0] * slope(raw, *density)
    grad_x, grad_trunk = mlp_grad(x, trunk, widths[0], widths[0][-1], middle, rounding)
    return (activate(raw, *density), rgbs), (grad_x, grad_trunk, grad_head)
