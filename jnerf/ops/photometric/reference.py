"""The specification of ``photometric`` in NumPy."""

from __future__ import annotations

import numpy as np


def photometric(
    colors, rgba, background=None, live=None, kind="mse", delta=0.1, weight=1.0
) -> tuple[float, np.ndarray]:
    """Arguments as in ``jnerf.ops.photometric``; returns the loss and its gradient by the colours, [R, 3]."""
    colors, rgba = np.asarray(colors, np.float64), np.asarray(rgba, np.float64)
    alpha = rgba[:, 3:]
    truth = rgba[:, :3] * alpha + (0 if background is None else (1 - alpha) * background)
    d = colors - truth
    if kind == "mse":
        values, slopes = d * d, 2 * d
    elif kind == "l1":
        values, slopes = np.abs(d), np.sign(d)
    elif kind == "charbonnier":
        values = np.sqrt(d * d + delta * delta)
        slopes = d / values
    else:
        near = np.abs(d) <= delta
        values = np.where(near, d * d / (2 * delta), np.abs(d) - delta / 2)
        slopes = np.where(near, d / delta, np.sign(d))
    share = weight / (d.size * (1.0 if live is None else np.mean(live)))
    return float(values.sum() * share), slopes * share
