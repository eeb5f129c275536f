"""The specification of ``surface_rounds`` in NumPy, ray by ray."""

from __future__ import annotations

import numpy as np

from jnerf.ops.common.random import uniform
from jnerf.ops.surface_density.reference import section_density


def ends(ray_o, ray_d, middle, radius) -> tuple[float, float]:
    """Where a ray's intervals begin and end."""
    nearest = float((np.asarray(middle) - ray_o) @ ray_d)
    near = max(nearest - radius, 0.0)
    return near, max(nearest + radius, near + 0.01 * radius)


def even(ray_o, ray_d, middle, radius, n, seed=0, step=None, ray=0) -> np.ndarray:
    """Even edges [n + 1]; ``ray``: its number."""
    near, far = ends(ray_o, ray_d, middle, radius)
    part = np.linspace(0, 1, n + 1)
    if step is not None:
        part[1:-1] += (float(uniform(seed, step, ray, 0)) - 0.5) / n
    return near + (far - near) * part


def weights(ray_o, ray_d, middle, radius, t, sdf, sharpness) -> np.ndarray:
    """What the intervals between edges [K] weigh, [K - 1]."""
    inside = np.linalg.norm(ray_o + t[:, None] * ray_d - middle, axis=1) < radius
    lengths = np.maximum(np.diff(t), 1e-9)
    slope = np.diff(sdf) / lengths
    slope = np.clip(np.minimum(slope, np.append(0, slope[:-1])), -1e3, 0)
    slope = slope * (inside[1:] | inside[:-1])
    sigmas = section_density(0.5 * (sdf[1:] + sdf[:-1]), slope, lengths, sharpness)
    alphas = 1 - np.exp(-sigmas * np.diff(t))
    return alphas * np.append(1, np.cumprod(1 - alphas)[:-1])


def draw(w, t, n) -> np.ndarray:
    """n points from weights of the intervals between edges [K]."""
    w = w + 1e-5
    return np.interp((np.arange(n) + 0.5) / n, np.append(0, np.cumsum(w)) / w.sum(), t)


def behind(far, n, seed=0, step=None, ray=0) -> np.ndarray:
    """Edges behind ``far``, [n]."""
    inverse = np.linspace(1, 1e-3, n + 1)[1:]
    if step is not None:
        inverse[:-1] += (uniform(seed, step, ray, np.arange(1, n)) - 0.5) / n
    return far / inverse
