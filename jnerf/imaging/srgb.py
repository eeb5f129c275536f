"""Between sRGB and linear light (IEC 61966-2-1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def to_linear(srgb: NDArray[np.floating]) -> NDArray[np.float32]:
    """sRGB to linear light, clipped below 0; above 1 the curve goes on.

    >>> to_linear(np.float32([0, 0.5, 1])).round(4).tolist()
    [0.0, 0.21400000154972076, 1.0]
    """
    srgb = np.maximum(srgb, 0)
    low = srgb / np.float32(12.92)
    return np.where(srgb <= 0.04045, low, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


def to_srgb(linear: NDArray[np.floating]) -> NDArray[np.float32]:
    """Linear light to sRGB, clipped below 0; above 1 the curve goes on.

    >>> to_srgb(to_linear(np.float32([0, 0.02, 0.5, 1, 3]))).round(4).tolist()
    [0.0, 0.019999999552965164, 0.5, 1.0, 3.0]
    """
    linear = np.maximum(linear, 0)
    low = linear * np.float32(12.92)
    high = np.float32(1.055) * linear ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(linear <= 0.0031308, low, high).astype(np.float32)
