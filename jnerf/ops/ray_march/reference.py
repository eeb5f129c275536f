"""The specification of ``ray_march`` in NumPy: looks at every lattice point of every ray, jumps over nothing."""

from __future__ import annotations

import numpy as np

from jnerf.ops.common.fused import fma
from jnerf.ops.common.pack import pack_counts
from jnerf.ops.common.random import uniform
from jnerf.ops.common.rays.box import ray_box
from jnerf.ops.occupancy.reference import cell_index
from jnerf.ops.ray_march.rule import MarchRule

_F = np.float32
_EXP2 = [1.5403530e-4, 1.3333558e-3, 9.6181291e-3, 5.5504109e-2, 2.4022651e-1, 6.9314718e-1, 1.0]


def power(k: np.ndarray, a: float) -> np.ndarray:
    """2^(k a) by the kernel's polynomial, rounded as there."""
    whole = np.floor(fma(k, a, 0.5))
    x, y = fma(k, a, -whole), np.zeros_like(whole)
    for coefficient in _EXP2:
        y = fma(y, x, coefficient)
    return y * np.exp2(np.minimum(whole, 126)).astype(_F)


def lattice(
    rule: MarchRule, t_in: float, jitter: float, n: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Distance and step of the lattice points n of a ray that enters at ``t_in``; float32, each like n."""
    cone, low, high = _F(rule.cone_angle), _F(rule.min_step), _F(rule.max_step)
    n, t_in = n.astype(_F), _F(t_in)
    first = fma(min(max(t_in * cone, low), high), jitter, t_in)
    if cone == 0:
        return fma(n, low, first), np.full_like(n, low)
    ratio = _F(np.log2(1 + rule.cone_angle))
    n_cone = max(np.ceil((low / cone - first) / low), _F(0))
    t_cone = fma(n_cone, low, first)
    n_far = n_cone + max(np.ceil(np.log2(high / cone / t_cone) / ratio), _F(0))
    t_far = t_cone * power(n_far - n_cone, ratio)
    growing = t_cone * power(np.clip(n - n_cone, 0, n_far - n_cone), ratio)
    ts = np.where(
        n < n_cone, fma(n, low, first), np.where(n < n_far, growing, fma(n - n_far, high, t_far))
    )
    dts = np.where(n < n_cone, low, np.where(n < n_far, growing * cone, high))
    return ts.astype(_F), dts.astype(_F)


def levels_of(points: np.ndarray, dts: np.ndarray, resolution: int, levels: int) -> np.ndarray:
    """Level that each point looks at, int [K]: from its distance to the centre and from its step."""
    by_position = np.frexp(np.abs(points - _F(0.5)).max(1))[1] + 1
    by_step = np.frexp(_F(2 * resolution) * dts)[1]
    return np.clip(np.maximum(by_position, by_step), 0, levels - 1)


def occupied(
    points: np.ndarray, levels: np.ndarray, bits: np.ndarray, resolution: int
) -> np.ndarray:
    """Whether the cell of each point is occupied, bool [K]."""
    scale = (resolution * 2.0**-levels)[:, None].astype(_F)
    q = fma(points - _F(0.5), scale, 0.5 * resolution)
    cells = np.clip(np.floor(q).astype(int), 0, resolution - 1)
    index = levels * resolution**3 + cell_index(cells, resolution)
    return (bits[index // 8] >> (index % 8)) & 1 == 1


def ray_march(
    rays_o, rays_d, bits, rule: MarchRule, resolution: int, seed=0, step=None, max_samples=None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Arguments as in ``jnerf.ops.ray_march``, as arrays.

    Returns:
        t_starts [S], t_ends [S] and packed_info [R, 2]; the rays' indices follow from the last.
    """
    levels = len(bits) * 8 // resolution**3
    found = []
    for ray, (o, d) in enumerate(zip(rays_o, rays_d, strict=True)):
        span = ray_box(o, d, rule.aabb, rule.near, rule.far)
        if span is None:
            found.append((np.zeros(0, _F), np.zeros(0, _F)))
            continue
        jitter = 0.5 if step is None else float(uniform(seed, step, ray, 0))
        n = np.arange(int((span[1] - span[0]) / rule.min_step) + 2)
        ts, dts = lattice(rule, span[0], jitter, n)
        ts, dts = ts[ts < span[1]], dts[ts < span[1]]
        points = fma(ts[:, None], d, o)
        keep = occupied(points, levels_of(points, dts, resolution, levels), bits, resolution)
        found.append((ts[keep][: rule.max_samples_per_ray], dts[keep][: rule.max_samples_per_ray]))
    packed, _ = pack_counts([len(t) for t, _ in found], max_samples)
    ts = np.concatenate([t[:n] for (t, _), n in zip(found, packed[:, 1], strict=True)])
    dts = np.concatenate([dt[:n] for (_, dt), n in zip(found, packed[:, 1], strict=True)])
    return fma(-0.5, dts, ts), fma(0.5, dts, ts), packed
