"""Sphere tracing (Hart 1996, https://doi.org/10.1007/s003710050084): one sample where a ray meets the surface."""

from __future__ import annotations

import jittor as jt
import numpy as np

from jnerf.errors import ConfigError
from jnerf.imaging.tracing import Tracer
from jnerf.registry import SAMPLERS
from jnerf.samplers.field import Field
from jnerf.samplers.point import PointSampler
from jnerf.structures import RayBundle, RaySamples


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
        low, high = np.split(np.asarray(aabb, np.float32), 2)
        self._trace = Tracer(low, high, max_steps, step_scale, hit_distance)

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        """See ``Sampler``."""
        if step is not None:
            return super().__call__(rays, field, step)
        origins, directions = rays.rays_o.numpy(), rays.rays_d.numpy()
        if not directions.any():
            return super().__call__(rays, field, step)

        def distance(points: np.ndarray) -> np.ndarray:
            return field.sdf(jt.array(points)).numpy().reshape(-1)

        hits, away = self._trace(distance, origins, directions)
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
