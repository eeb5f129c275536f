"""The specification of ``expose`` in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_OPACITY = 1e-3  # kLeastOpacity in kernel.h


def exposed(colors, stops) -> NDArray[np.float64]:
    """sRGB colours times 2^stops in linear light; the curve goes on above 1, below 0 it is a line."""
    colors, stops = np.broadcast_arrays(np.asarray(colors, np.float64), np.asarray(stops))
    high = ((np.maximum(colors, 0.04045) + 0.055) / 1.055) ** 2.4
    linear = np.where(colors <= 0.04045, colors / 12.92, high) * 2.0**stops
    high = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, linear * 12.92, high)


def expose(colors, opacities, background, rgba, stops, images) -> NDArray[np.float64]:
    """As ``jnerf.ops.expose``, of arrays."""
    o = np.asarray(opacities, np.float64)
    behind = 0.0 if background is None else (1 - o) * np.asarray(background, np.float64)
    own = (np.asarray(colors, np.float64) - behind) / np.maximum(o, LEAST_OPACITY)
    seen = exposed(own, np.asarray(stops)[images])
    white = np.asarray(rgba)[:, :3] >= 1
    seen = np.where(white, np.minimum(seen, 1), seen)
    return np.where(o < LEAST_OPACITY, colors, o * seen + behind)
