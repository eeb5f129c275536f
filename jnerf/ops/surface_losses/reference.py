"""The specification of ``surface_losses`` in NumPy, in any precision."""

from __future__ import annotations

import numpy as np

_NONE = 1e-5


def eikonal(gradients, inside=None, weight=1.0, count=None):
    """The loss, a scalar; arguments as in ``jnerf.ops.surface_losses``."""
    if count is not None:
        gradients, inside = gradients[: count[0]], None if inside is None else inside[: count[0]]
    error = (np.sqrt((gradients * gradients).sum(1) + 1e-12) - 1) ** 2
    if inside is None:
        return error.mean() * weight
    return (error * inside[:, 0]).sum() / (inside.sum() + _NONE) * weight


def mask_entropy(opacities, rgba, clip, weight=1.0, live=None):
    """The loss, a scalar."""
    seen, alpha = np.clip(opacities[:, 0], clip, 1 - clip), rgba[:, 3]
    error = -(alpha * np.log(seen) + (1 - alpha) * np.log(1 - seen))
    counts = np.ones_like(error) if live is None else live[:, 0]
    return (error * counts).sum() / counts.sum() * weight


def masked_l1(colors, rgba, background=None, weight=1.0):
    """The loss, a scalar."""
    alpha = rgba[:, 3:]
    truth = rgba[:, :3] * alpha + (0 if background is None else (1 - alpha) * background)
    return (np.abs(colors - truth) * alpha).sum() / (3 * alpha.sum() + _NONE) * weight
