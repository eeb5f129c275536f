"""The specification of ``draw_pixels`` in NumPy."""

from __future__ import annotations

import numpy as np

from jnerf.ops.common.random import uniform


def draw_pixels(n_rays, windows, shift, seed, step, draws) -> tuple[np.ndarray, ...]:
    """Arguments as in ``jnerf.ops.draw_pixels``; returns images, x and y, int32 [R] each."""
    rays = np.arange(n_rays, dtype=np.uint32)
    images = (rays + np.uint32(shift)) % np.uint32(len(windows))
    first_x, first_y, width, height = windows[images].T
    # float32 * int32 is float64 here, so that u < 1 never rounds up to a column outside.
    x = first_x + (uniform(seed, step, rays, draws[0]) * width).astype(np.int32)
    y = first_y + (uniform(seed, step, rays, draws[1]) * height).astype(np.int32)
    return images.astype(np.int32), x, y
