"""Asking the field for the densities of many positions, a bounded number at a time."""

from __future__ import annotations

from collections.abc import Iterator

import jittor as jt

from jnerf.ops.ray_points import ray_points
from jnerf.ops.ray_visible import LookFn
from jnerf.samplers.base import DensityFn
from jnerf.structures import RayBundle


def densities(density_fn: DensityFn, positions: jt.Var, chunk: int) -> jt.Var:
    """Densities [S] of positions [S, 3], at most ``chunk`` at a time."""
    if positions.shape[0] <= chunk:
        return density_fn(positions)
    parts = []
    for (part,) in _parts((positions,), chunk):
        parts.append(density_fn(part))
        parts[-1].sync()  # frees what the field computed on the way
    return jt.concat(parts)


def look_along(
    rays: RayBundle, density_fn: DensityFn, chunk: int, keep_features: bool = False
) -> LookFn:
    """Densities and features of intervals on rays, at most ``chunk`` at a time.

    Args:
        rays: R rays.
        density_fn: what a sampler knows of the field; its ``look_along`` gives features, if it has one.
        chunk: most positions per call of it.
        keep_features: give features of more intervals than that too; they take memory.
    """
    look_at = getattr(density_fn, "look_along", None) or (lambda x, *_: (density_fn(x), None))

    def look(t_starts: jt.Var, t_ends: jt.Var, ray_indices: jt.Var) -> tuple[jt.Var, jt.Var | None]:
        x = ray_points(rays.rays_o, rays.rays_d, t_starts, t_ends, ray_indices)
        arrays = x, t_starts, t_ends, ray_indices
        if x.shape[0] <= chunk:
            return look_at(*arrays)
        sigmas, features = [], []
        for part in _parts(arrays, chunk):
            sigma, found = look_at(*part)
            features.append(found if keep_features else None)
            jt.sync([v for v in (sigma, features[-1]) if v is not None])
            sigmas.append(sigma)
        if any(v is None for v in features):
            return jt.concat(sigmas), None
        return jt.concat(sigmas), jt.concat(features, dim=features[0].ndim - 2)

    return look


def _parts(arrays: tuple[jt.Var, ...], chunk: int) -> Iterator[tuple[jt.Var, ...]]:
    n = arrays[0].shape[0]
    for start in range(0, n, chunk):
        yield tuple(array[start : min(start + chunk, n)] for array in arrays)
