"""The specification of ``background`` in NumPy."""

from __future__ import annotations

import numpy as np

from jnerf.ops.common.random import uniform


def background(n_rays, color=None, seed=0, step=0, draw=0) -> np.ndarray:
    """As ``jnerf.ops.background``."""
    if color is not None:
        return np.tile(np.asarray(color, np.float32), (n_rays, 1))
    return uniform(seed, step, np.arange(n_rays)[:, None], np.arange(draw, draw + 3)[None])
