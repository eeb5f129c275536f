"""The specification of ``distance_mlp`` in NumPy, in any precision."""

from __future__ import annotations

import numpy as np

from jnerf.ops.mlp.reference import concatenate, unpack

_SKIP = 0.5**0.5


def activation(z: np.ndarray, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """softplus(z) (the ReLU for beta = 0) and its derivative."""
    if beta == 0:
        return np.maximum(z, 0), (z > 0).astype(z.dtype)
    value = np.maximum(z, 0) + np.log1p(np.exp(-beta * np.abs(z))) / beta
    return value, np.exp(-np.logaddexp(0, -beta * z))


def distance_mlp(
    positions,
    features,
    params,
    widths,
    n_out=None,
    skip=None,
    beta=0.0,
    x_first=False,
    middle=(0.0, 0.0, 0.0),
    scale=1.0,
    radius=1.0,
) -> tuple:
    """(sdf, values, by_x, by_features as rows [S, C]); arguments as in ``jnerf.ops.distance_mlp``."""
    x = (positions - np.asarray(middle, positions.dtype)) * scale
    features = concatenate(features, None)
    first = np.concatenate([x, features] if x_first else [features, x], axis=1)
    layers, h, slopes = unpack(params, widths, True, skip), first, []
    for i, (weight, bias) in enumerate(layers):
        if i == skip:
            h = np.concatenate([h, first], axis=1) * _SKIP
        h = h @ weight.T + bias
        if i + 1 < len(layers):
            h, slope = activation(h, beta)
            slopes.append(slope)
    grad, behind = np.repeat(layers[-1][0][:1], len(x), 0), 0.0
    for i in reversed(range(len(layers) - 1)):
        grad = (grad * slopes[i]) @ layers[i][0]
        if i == skip:
            grad, behind = grad[:, : widths[i]] * _SKIP, grad[:, widths[i] :] * _SKIP
    grad = grad + behind
    parts = (grad[:, :3], grad[:, 3:]) if x_first else (grad[:, -3:], grad[:, :-3])
    return h[:, :1] * radius, h[:, :n_out], *parts
