"""The specification of ``trunc_exp`` in NumPy."""

from __future__ import annotations

import numpy as np


def trunc_exp(x: np.ndarray) -> np.ndarray:
    """exp(x)."""
    return np.exp(x)


def trunc_exp_grad(x: np.ndarray, grad_y: np.ndarray, limit: float = 15.0) -> np.ndarray:
    """Gradient for x: grad_y exp(clamp(x, -limit, limit))."""
    return grad_y * np.exp(np.clip(x, -limit, limit))
