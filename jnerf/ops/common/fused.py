"""The kernels' fused multiply-add in NumPy, so that a reference can round exactly as they do."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def fma(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> NDArray[np.float32]:
    """float32 ``a * b + c`` rounded once (the product of two float32 is exact in float64).

    >>> float(fma(2.0, 3.0, 1.0))
    7.0
    """
    a, b, c = (np.asarray(x, np.float32).astype(np.float64) for x in (a, b, c))
    return (a * b + c).astype(np.float32)
