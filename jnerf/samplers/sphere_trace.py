"""Sphere tracing (Hart 1996, https://doi.org/10.1007/s003710050084): rays go as far as the distance says is free."""

from __future__ import annotations

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.errors import ConfigError
from jnerf.registry import SAMPLERS
from jnerf.samplers.field import Field
from jnerf.samplers.point import PointSampler
from jnerf.structures import RayBundle, RaySamples

Floats = NDArray[np.float32]


@SAMPLERS.register()
class SphereTraceSampler(PointSampler):
    """In training as ``PointSampler``; in pictures one sample where a ray meets the surface, with the normal there.

    A ray goes ``step_scale`` of the distance at a time, and has met the surface where that is at most ``hit_distance``.
    Rays without a direction are points in pictures too.

    Args:
        aabb: the scene's box, (lows, highs), float32 [6].
        max_steps: steps after which a ray counts as one that meets nothing.
        step_scale: below 1, since a learnt distance may be longer than the true one.
        hit_distance: field units.

    Raises:
        ConfigError: a value is out of its range.
    """

    requires = frozenset({"sdf"})

    def __init__(
        self,
        aabb: np.ndarray,
        max_steps: int = 256,
        step_scale: float = 0.95,
        hit_distance: float = 3e-4,
    ) -> None:
        super().__init__()
        if max_steps < 1:
            raise ConfigError(
                f"SphereTraceSampler: max_steps is {max_steps}; it must be at least 1"
            )
        if not 0 < step_scale <= 1:
            raise ConfigError(
                f"SphereTraceSampler: step_scale is {step_scale}; it must be in (0, 1]"
            )
        if not hit_distance > 0:
            raise ConfigError(
                f"SphereTraceSampler: hit_distance is {hit_distance}; it must be above 0, field units"
            )
        self._low, self._high = np.split(np.asarray(aabb, np.float32), 2)
        self._max_steps, self._scale, self._near = max_steps, step_scale, hit_distance

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        """See ``Sampler``."""
        if step is not None:
            return super().__call__(rays, field, step)
        origins, directions = rays.rays_o.numpy(), rays.rays_d.numpy()
        if not directions.any():
            return super().__call__(rays, field, step)
        hits, away = self._trace(origins, directions, field)
        packed = np.zeros((len(rays), 2), np.int32)
        packed[hits, 1] = 1
        packed[:, 0] = np.cumsum(packed[:, 1]) - packed[:, 1]
        places = origins[hits] + away[:, None] * directions[hits]
        arrays = away, hits.astype(np.int32), packed, places
        t, indices, packed, places = (jt.array(array).stop_grad() for array in arrays)
        normals = field.gradient(places) if len(hits) else places
        length = jt.sqrt(jt.sqr(normals).sum(1, keepdims=True))
        normals = (normals / jt.maximum(length, 1e-12)).stop_grad()
        return RaySamples(rays, t, t, indices, packed, middles=places, normals=normals)

    def _trace(
        self, origins: Floats, directions: Floats, field: Field
    ) -> tuple[NDArray[np.int64], Floats]:
        """Which rays [R, 3] meet the surface, int [H], and how far away, float32 [H]."""
        t, ends = self._in_box(origins, directions)
        alive = np.flatnonzero(t < ends)
        t, ends, o, d = t[alive], ends[alive], origins[alive], directions[alive]
        hits, away = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        for _ in range(self._max_steps):
            if not len(alive):
                break
            distance = field.sdf(jt.array(o + t[:, None] * d)).numpy().reshape(-1)
            met = distance <= self._near
            hits.append(alive[met])
            away.append(t[met] + distance[met])
            t = t + np.float32(self._scale) * distance
            going = ~met & (t < ends)
            alive, t, ends, o, d = alive[going], t[going], ends[going], o[going], d[going]
        found, away = np.concatenate(hits), np.concatenate(away)
        order = np.argsort(found)
        return found[order], away[order]

    def _in_box(self, origins: Floats, directions: Floats) -> tuple[Floats, Floats]:
        """Where rays enter the box and leave it, [R] each; the first is not less than the other where they miss it."""
        with np.errstate(divide="ignore", invalid="ignore"):
            a, b = (self._low - origins) / directions, (self._high - origins) / directions
        first, last = np.minimum(a, b), np.maximum(a, b)
        # 0 / 0: along a face, neither before it nor behind it
        first, last = np.nan_to_num(first, nan=-np.inf), np.nan_to_num(last, nan=np.inf)
        return np.maximum(first.max(axis=1), 0), last.min(axis=1)
