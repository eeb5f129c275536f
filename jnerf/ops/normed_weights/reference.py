"""The specification of ``normed_weights`` in NumPy, in any precision."""

from __future__ import annotations

import numpy as np


def normed_weights(layers) -> np.ndarray:
    """Flat parameters; arguments as in ``jnerf.ops.normed_weights``."""
    parts = []
    for v, g, b in layers:
        w = v if g is None else v * (g / np.linalg.norm(v, axis=1, keepdims=True))
        parts += [w.ravel(), b]
    return np.concatenate(parts)


def normed_weights_grad(layers, grad) -> list[tuple]:
    """Gradients of v, g (None without) and b of each layer from that of the flat parameters."""
    found, at = [], 0
    for v, g, b in layers:
        w = grad[at : at + v.size].reshape(v.shape)
        at += v.size
        grad_b = grad[at : at + b.size]
        at += b.size
        if g is None:
            found.append((w, None, grad_b))
            continue
        length = np.linalg.norm(v, axis=1, keepdims=True)
        along = (w * v).sum(1, keepdims=True) / length
        found.append((g / length * (w - v * along / length), along, grad_b))
    return found
