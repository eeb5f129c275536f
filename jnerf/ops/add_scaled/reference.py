"""The specification of ``add_scaled`` in NumPy."""

from __future__ import annotations

import numpy as np


def add_scaled(rows, factors, add=None) -> np.ndarray:
    """Arguments as in ``jnerf.ops.add_scaled``."""
    return rows * factors + (0 if add is None else add)
