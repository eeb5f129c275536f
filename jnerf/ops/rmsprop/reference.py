"""The specification of RMSprop over rows in NumPy: loops over rows, in the arguments' dtype."""

from __future__ import annotations

import numpy as np


def rmsprop_rows(param, grad, v, lr, beta=0.95, eps=1e-8):
    """New (param, v); arguments as in ``jnerf.ops.rmsprop.rmsprop_rows``."""
    param, v = np.copy(param), np.copy(v)
    for row in range(len(param)):
        if not np.any(grad[row] != 0):
            continue
        square = grad[row] ** 2
        v[row] = np.where(v[row] == 0, square, beta * v[row] + (1 - beta) * square)
        param[row] -= lr * grad[row] / (np.sqrt(v[row]) + eps)
    return param, v
