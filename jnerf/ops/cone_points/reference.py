"""The specification of ``cone_points`` in NumPy, in any precision."""

from __future__ import annotations

import numpy as np

from jnerf.ops.common import uniform

_ANGLES = np.pi / 3 * np.array([0, 2, 4, 3, 5, 1])


def distances(t_starts: np.ndarray, t_ends: np.ndarray) -> np.ndarray:
    """Where the points of each piece lie along its ray, [6, S], as the paper writes it."""
    s, d = (t_starts + t_ends) / 2, (t_ends - t_starts) / 2
    j = np.arange(6)[:, None]
    spread = 3 / np.sqrt(7) * (2 * j / 5 - 1) * np.sqrt((d**2 - s**2) ** 2 + 4 * s**4)
    return t_starts + d / (d**2 + 3 * s**2) * (t_ends**2 + 2 * s**2 + spread)


def turns(ray_indices, packed_info, seed=0, step=None, draw=0) -> tuple[np.ndarray, np.ndarray]:
    """The angle by which the points of each piece are turned, and -1 where they are mirrored first, [S] each."""
    within = np.arange(len(ray_indices)) - packed_info[ray_indices, 0]
    if step is None:
        return within % 2 * np.pi / 6, 1 - 2 * (within % 2)
    angle, side = (uniform(seed, step, ray_indices, draw + 2 * within + k) for k in (0, 1))
    return 2 * np.pi * angle.astype(np.float64), np.where(side < 0.5, -1, 1)


def axes(rays_d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors across each direction [S, 3] and one another (Duff et al. 2017)."""
    x, y, z = rays_d.T
    s = np.where(z < 0, -1.0, 1.0)
    a = -1 / (s + z)
    b = x * y * a
    u = np.stack([1 + s * x * x * a, s * b, -s * x], 1)
    return u, np.stack([b, s + y * y * a, -y], 1)


def field_points(
    rays_o, rays_d, radii, t_starts, t_ends, ray_indices, packed_info, seed=0, step=None, draw=0
) -> tuple[np.ndarray, np.ndarray]:
    """Points [6, S, 3] and widths [6, S] in field units."""
    t = distances(t_starts, t_ends)
    angle, side = turns(ray_indices, packed_info, seed, step, draw)
    angles = side * _ANGLES[:, None] + angle
    u, v = axes(rays_d[ray_indices])
    away = radii.reshape(-1)[ray_indices] * t / np.sqrt(2)
    spiral = np.cos(angles)[..., None] * u + np.sin(angles)[..., None] * v
    points = rays_o[ray_indices] + t[..., None] * rays_d[ray_indices] + away[..., None] * spiral
    return points, away / 2


def to_unit(points, widths, aabb, norm="none") -> tuple[np.ndarray, np.ndarray]:
    """Points [..., 3] and widths [...] in the unit cube."""
    low, high = np.split(np.asarray(aabb), 2)
    half = (high - low) / 2
    x = (points - (low + high) / 2) / half
    whole = np.exp(-np.log(2 * half).mean())
    if norm == "none":
        return x / 2 + 0.5, widths * whole
    size = np.linalg.norm(x, axis=-1) if norm == "l2" else np.abs(x).max(-1)
    n = np.maximum(size, 1)
    unit = ((2 - 1 / n) / n)[..., None] * x / 4 + 0.5
    return unit, widths * whole / 2 * (2 * n - 1) ** (2 / 3) / n**2


def cone_points(*where, aabb, norm="none", **how) -> tuple[np.ndarray, np.ndarray]:
    """Arguments as in ``jnerf.ops.cone_points``, as arrays."""
    return to_unit(*field_points(*where, **how), aabb, norm)
