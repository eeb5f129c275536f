"""The specification of ``surface_density`` in NumPy, in any precision."""

from __future__ import annotations

import numpy as np


def section_density(sdf, slope, lengths, sharpness) -> np.ndarray:
    """Density of intervals with a distance in their middle that changes by ``slope`` (at most 0) per length, [S]."""
    fall = 0.5 * slope * lengths
    depth = np.logaddexp(0, -sharpness * (sdf + fall)) - np.logaddexp(0, -sharpness * (sdf - fall))
    return np.maximum(depth, 0) / lengths


def falling(cosine, annealed) -> np.ndarray:
    """Slope along the ray where the distance falls, else 0; mixed with (cosine - 1) / 2 in the beginning."""
    return annealed * np.minimum(cosine, 0) + (1 - annealed) * np.minimum(0.5 * cosine - 0.5, 0)


def surface_density(
    sdf, normals, sharpness, t_starts, t_ends, rays_d, ray_indices, annealed=1.0
) -> np.ndarray:
    """Arguments as in ``jnerf.ops.surface_density``."""
    cosine = (rays_d[ray_indices] * normals).sum(1)
    lengths = np.maximum(t_ends - t_starts, 1e-9)
    return section_density(sdf[:, 0], falling(cosine, annealed), lengths, sharpness.item())


def slopes_along(values, t, ray_indices) -> np.ndarray:
    """The mean of the differences per length to the neighbours on the same ray, [S]; 0 where there are none."""
    slopes = np.zeros_like(values)
    for i in range(len(values)):
        found = []
        for a, b in ((i - 1, i), (i, i + 1)):
            if a >= 0 and b < len(values) and ray_indices[a] == ray_indices[b] and t[b] > t[a]:
                found.append((values[b] - values[a]) / max(t[b] - t[a], 1e-9))
        slopes[i] = np.mean(found) if found else 0
    return slopes


def density_along(sdf, sharpness, t_starts, t_ends, ray_indices) -> np.ndarray:
    """Arguments as in ``jnerf.ops.surface_density``."""
    slope = np.minimum(slopes_along(sdf, 0.5 * (t_starts + t_ends), ray_indices), 0)
    return section_density(sdf, slope, np.maximum(t_ends - t_starts, 1e-9), sharpness.item())


def sharpness_of(variance, most, radius) -> np.ndarray:
    """Arguments as in ``jnerf.ops.surface_density``."""
    return np.minimum(np.exp(variance * 10), most).reshape(1, 1) / radius
