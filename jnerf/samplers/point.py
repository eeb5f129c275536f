"""Points instead of rays: tasks without rays ask the field where the points are, and nowhere else."""

from __future__ import annotations

import jittor as jt
import numpy as np

from jnerf.registry import SAMPLERS
from jnerf.samplers.base import Sampler
from jnerf.samplers.field import Field
from jnerf.structures import RayBundle, RaySamples


@SAMPLERS.register()
class PointSampler(Sampler):
    """The origin of each ray, of any number of dimensions, is its one sample: a point is a ray of length 0."""

    def __init__(self) -> None:
        self._places: tuple[jt.Var, jt.Var, jt.Var] | None = None

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        """R samples at t = 0; no random numbers."""
        nowhere, rows, packed = self._places_of(len(rays))
        return RaySamples(rays, nowhere, nowhere, rows, packed, middles=rays.rays_o)

    def _places_of(self, n: int) -> tuple[jt.Var, jt.Var, jt.Var]:
        """Zeros [n], 0 .. n - 1, and the one sample of each ray [n, 2]: the same at every step."""
        if self._places is None or self._places[0].shape[0] != n:
            rows = np.arange(n, dtype=np.int32)
            packed = np.stack([rows, np.ones_like(rows)], axis=1)
            arrays = np.zeros(n, np.float32), rows, packed
            self._places = tuple(jt.array(array).stop_grad() for array in arrays)
        return self._places
