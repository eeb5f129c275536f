"""The specification of ``level_squares`` in NumPy, in any precision."""

from __future__ import annotations

import numpy as np

from jnerf.ops.hash_encode import HashGridLayout


def level_squares(table: np.ndarray, layout: HashGridLayout) -> np.ndarray:
    """Mean square of each level's rows, [L].

    >>> layout = HashGridLayout(n_levels=1, n_features=1, min_resolution=2, max_resolution=2)
    >>> level_squares(np.full((8, 1), 3.0), layout).tolist()
    [9.0]
    """
    levels = np.split(np.asarray(table), layout.offsets[1:-1])
    return np.array([(level**2).mean() for level in levels])


def level_sizes(table: np.ndarray, layout: HashGridLayout, least: float) -> np.ndarray:
    """As ``jnerf.ops.level_squares.level_sizes``, [L]."""
    return np.sqrt(level_squares(table, layout) + least)
