"""The specification of ``unit_box`` in NumPy."""

from __future__ import annotations

import numpy as np


def unit_box(positions, low, inverse_size) -> np.ndarray:
    """As ``jnerf.ops.unit_box``."""
    low, inverse_size = np.asarray(low, np.float32), np.asarray(inverse_size, np.float32)
    return (np.asarray(positions, np.float32) - low) * inverse_size


def held_box(positions, low, inverse_size) -> tuple[np.ndarray, np.ndarray]:
    """As ``jnerf.ops.unit_box.held_box``."""
    unit = unit_box(positions, low, inverse_size)
    inside = ((unit >= 0) & (unit <= 1)).all(1)
    return np.clip(unit, 0, 1), inside.astype(np.float32)
