"""The specification of ``lod_inputs`` in NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def lod_inputs(unit: np.ndarray, features: np.ndarray, lods: Sequence[int]) -> list[np.ndarray]:
    """[S, 3 + F] for each of ``lods``: the position, and the sum of the features [L, S, F] of levels 0 .. lod."""
    sums = np.cumsum(features, axis=0, dtype=features.dtype)
    return [np.concatenate([unit, sums[lod]], axis=1) for lod in lods]
