"""The specification of the Adam ops in NumPy: loops over entries, in the arguments' dtype."""

from __future__ import annotations

import math

import numpy as np


def _entry(p, g, m, v, t, lr, betas, eps):
    b1, b2 = betas
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * g * g
    rate = lr * math.sqrt(1 - b2**t) / (1 - b1**t)
    return p - rate * m / (math.sqrt(v) + eps), m, v


def adam_dense(param, grad, m, v, step, lr, betas=(0.9, 0.99), eps=1e-15, weight_decay=0.0):
    """New (param, m, v); arguments as in ``jnerf.ops.adam.adam_dense``."""
    param, m, v = np.copy(param), np.copy(m), np.copy(v)
    for i in np.ndindex(param.shape):
        g = grad[i] + weight_decay * param[i]
        param[i], m[i], v[i] = _entry(param[i], g, m[i], v[i], step, lr, betas, eps)
    return param, m, v


def adam_sparse(param, grad, m, v, counts, lr, betas=(0.9, 0.99), eps=1e-15):
    """New (param, m, v, counts); arguments as in ``jnerf.ops.adam.adam_sparse``."""
    param, m, v, counts = np.copy(param), np.copy(m), np.copy(v), np.copy(counts)
    for i in np.ndindex(param.shape):
        if grad[i] == 0:
            continue
        counts[i] += 1
        param[i], m[i], v[i] = _entry(param[i], grad[i], m[i], v[i], counts[i], lr, betas, eps)
    return param, m, v, counts
