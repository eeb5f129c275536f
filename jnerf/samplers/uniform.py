"""Stratified samples between the points where rays enter and leave the box."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jnerf.errors import ConfigError
from jnerf.ops.ray_uniform import ray_uniform
from jnerf.registry import SAMPLERS
from jnerf.samplers.base import Sampler, stream_seed, to_samples
from jnerf.samplers.field import Field
from jnerf.structures import RayBundle, RaySamples


@SAMPLERS.register()
class UniformSampler(Sampler):
    """The same number of intervals on every ray that hits the box (NeRF, Mildenhall et al. 2020, eq. 2).

    Args:
        n_samples: intervals per ray.
        fixed_sizes: in training, every ray has all samples, those that miss the box as padding, so that no size is read
            back: True, False, or None for what suits the device.
        aabb: scene fact: (min xyz, max xyz), field units.
        near: scene fact: smallest distance, field units.
        far: scene fact: largest distance, field units.
        seed: the run's seed.
    """

    def __init__(
        self,
        n_samples: int = 64,
        fixed_sizes: bool | None = None,
        aabb: Sequence[float] | np.ndarray = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0),
        near: float = 0.0,
        far: float = 1e9,
        seed: int = 0,
    ) -> None:
        if n_samples < 1:
            raise ConfigError(f"UniformSampler: n_samples is {n_samples}; it must be at least 1")
        self.n_samples, self.wants_padding = n_samples, fixed_sizes
        self.aabb = [float(x) for x in aabb]
        self.near, self.far = near, far
        self._seed = stream_seed(seed, 1)

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        """Jittered intervals in training, equal ones in rendering; see ``Sampler``."""
        intervals = ray_uniform(
            rays.rays_o,
            rays.rays_d,
            self.aabb,
            self.near,
            self.far,
            self.n_samples,
            self._seed,
            rays.draw_step(self._seed, step),
            padded=self.padded and step is not None,
        )
        return to_samples(rays, intervals)
