"""The specification of ``activate`` in NumPy."""

from __future__ import annotations

import numpy as np

_VALUES = {
    "none": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "softplus": lambda x: np.logaddexp(0, x),
    "exp": np.exp,
    "sigmoid": lambda x: np.exp(-np.logaddexp(0, -x)),
}
_SLOPES = {
    "none": np.ones_like,
    "relu": lambda x: (x > 0).astype(x.dtype),
    "softplus": _VALUES["sigmoid"],
    "exp": lambda x: np.exp(np.clip(x, -15, 15)),
    "sigmoid": lambda x: _VALUES["sigmoid"](x) * _VALUES["sigmoid"](-x),
}


def activate(x, kind="none", bias=0.0, scale=1.0, offset=0.0, factors=None) -> np.ndarray:
    """As ``jnerf.ops.activate``, in any precision."""
    x = np.asarray(x)
    values = scale * _VALUES[kind](x + bias) + offset
    if factors is None:
        return values
    return values * np.reshape(factors, (-1, *(1,) * (x.ndim - 1)))


def slope(x, kind="none", bias=0.0, scale=1.0) -> np.ndarray:
    """The derivative of ``scale act(x + bias)``."""
    return scale * _SLOPES[kind](np.asarray(x) + bias)
