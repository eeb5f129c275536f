"""The specification of ``columns`` in NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def join_columns(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """[S, C_i] each, side by side; the gradient of ``split_columns``."""
    return np.concatenate(arrays, axis=1)


def split_columns(x: np.ndarray, widths: Sequence[int]) -> list[np.ndarray]:
    """The first ``widths[0]`` columns, then the next ...; the gradient of ``join_columns``."""
    return np.split(x, np.cumsum(widths)[:-1], axis=1)
