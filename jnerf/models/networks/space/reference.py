"""The contraction in NumPy, one point at a time: the specification of ``contraction.py``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def contract(x: NDArray, norm: str) -> NDArray:
    """mip-NeRF 360, equation 10, of one point [D], in units where the box goes from -1 to 1; result in (-2, 2).

    >>> contract(np.array([0.5, 0.0, 0.0]), "l2").tolist(), contract(np.array([0.0, 4.0, 0.0]), "l2").tolist()
    ([0.5, 0.0, 0.0], [0.0, 1.75, 0.0])
    """
    r = np.abs(x).max() if norm == "linf" else np.linalg.norm(x)
    return x.copy() if r <= 1 else (2 - 1 / r) * x / r


def to_unit(position: NDArray, aabb: NDArray, norm: str) -> NDArray:
    """A position [D] in field units in the unit cube, [D]."""
    low, high = np.split(np.asarray(aabb, np.float64), 2)
    return contract((np.asarray(position) - (low + high) / 2) / ((high - low) / 2), norm) / 4 + 0.5


def jacobian(position: NDArray, aabb: NDArray, norm: str, eps: float = 1e-6) -> NDArray:
    """Derivative of ``to_unit`` by the position, [D, D], by central differences in float64."""
    position = np.asarray(position, np.float64)
    columns = [
        to_unit(position + step, aabb, norm) - to_unit(position - step, aabb, norm)
        for step in eps * np.eye(len(position))
    ]
    return np.stack(columns, axis=1) / (2 * eps)
