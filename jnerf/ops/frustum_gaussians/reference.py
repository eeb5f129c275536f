"""The specification of ``frustum_gaussians`` in NumPy: moments of a cone's piece (mip-NeRF, appendix A)."""

from __future__ import annotations

import numpy as np


def frustum_gaussians(rays_o, rays_d, radii, t_starts, t_ends, ray_indices):
    """Arguments as in ``jnerf.ops.frustum_gaussians``, as arrays; float64 [S, 3] means and variances.

    The moments as they follow from the integral over the piece, without the rearrangement that float32 needs.
    """
    t0, t1 = t_starts.astype(np.float64), t_ends.astype(np.float64)
    o, d = rays_o[ray_indices].astype(np.float64), rays_d[ray_indices].astype(np.float64)
    r = radii.reshape(-1)[ray_indices].astype(np.float64)
    volume = t1**3 - t0**3
    t_mean = 3 * (t1**4 - t0**4) / (4 * volume)
    square = 3 * (t1**5 - t0**5) / (5 * volume)
    t_var = square - t_mean**2
    r_var = r**2 * 3 * (t1**5 - t0**5) / (20 * volume)
    means = o + t_mean[:, None] * d
    return means, t_var[:, None] * d**2 + r_var[:, None] * (1 - d**2)
