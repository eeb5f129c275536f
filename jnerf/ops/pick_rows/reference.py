"""The specification of ``pick_rows`` in NumPy."""

from __future__ import annotations

import numpy as np


def pick_rows(array: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Row ``rows[k]`` for every k: [K, ...]."""
    return array[rows]


def add_rows(values: np.ndarray, rows: np.ndarray, n: int) -> np.ndarray:
    """Row r is the sum of ``values[k]`` with ``rows[k] == r``: [n, ...]; the gradient of ``pick_rows``."""
    sums = np.zeros((n, *values.shape[1:]), values.dtype)
    np.add.at(sums, rows, values)
    return sums
