"""The specification of ``ray_points`` in NumPy."""

from __future__ import annotations

import numpy as np


def ray_points(rays_o, rays_d, t_starts, t_ends, ray_indices) -> np.ndarray:
    """Positions ``o + (t_start + t_end) / 2 * d``; arguments and result as in ``jnerf.ops.ray_points``."""
    mid = 0.5 * (t_starts + t_ends)
    return rays_o[ray_indices] + mid[:, None] * rays_d[ray_indices]
