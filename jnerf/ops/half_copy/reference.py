"""The specification of the 16-bit formats in NumPy."""

from __future__ import annotations

import numpy as np


def rounded(values: np.ndarray, precision: str) -> np.ndarray:
    """Float32 numbers rounded to nearest, ties to even, in a format, "float16" or "bfloat16"; as float32 again.

    >>> rounded(np.float32([1.00390625, 1.01171875, 70000]), "bfloat16").tolist()
    [1.0, 1.015625, 70144.0]
    >>> rounded(np.float32([1.00048828125, 1.00146484375, 70000]), "float16").tolist()
    [1.0, 1.001953125, inf]
    """
    values = np.asarray(values, np.float32)
    if precision == "float16":
        with np.errstate(over="ignore"):
            return values.astype(np.float16).astype(np.float32)
    bits = np.ascontiguousarray(values).view(np.uint32)
    upper = bits & np.uint32(0xFFFF0000)
    below, half = bits & np.uint32(0xFFFF), np.uint32(0x8000)
    up = (below > half) | ((below == half) & (bits & np.uint32(0x10000) != 0))
    found = (upper + np.where(up, np.uint32(0x10000), np.uint32(0))).view(np.float32)
    return np.where(np.isnan(values), values, found).reshape(values.shape)
