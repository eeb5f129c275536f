"""The specification of ``pixel_rays`` in NumPy: the drawing and the looking up; rays are ``Cameras.generate_rays``."""

from __future__ import annotations

import numpy as np

from jnerf.ops.draw_pixels import reference


def pixel_colors(
    n_rays, windows, places, pixels, shift, seed, step, draws
) -> tuple[np.ndarray, ...]:
    """Arguments as in ``jnerf.ops.pixel_rays``; returns images, x, y, int32 [R] each, and colours, float32 [R, 4]."""
    images, x, y = reference.draw_pixels(n_rays, windows, shift, seed, step, draws)
    low, high, width = np.asarray(places, np.int64)[images].T
    where = low + high * 2**30 + y * width + x
    rgba = np.asarray(pixels)[where].view(np.uint8).reshape(-1, 4)
    return images, x, y, np.divide(rgba, np.float32(255), dtype=np.float32)
