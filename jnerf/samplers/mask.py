"""Even steps through the whole box, of which those stay where the field is not empty (TensoRF, Chen et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import jittor as jt
import numpy as np

from jnerf.errors import ConfigError
from jnerf.ops.common.intervals import PackedIntervals
from jnerf.ops.heavy_samples import heavy_samples
from jnerf.ops.occupancy import MOST_LEVELS, build_bitfield, check_resolution
from jnerf.ops.ray_march import MAX_STEP, MarchRule, ray_march
from jnerf.registry import SAMPLERS
from jnerf.samplers.base import Sampler, stream_seed, to_samples
from jnerf.samplers.field import Field
from jnerf.samplers.looking import look_along
from jnerf.samplers.occupancy import grid_levels
from jnerf.schedules import Scheduled, make_schedule
from jnerf.structures import RayBundle, RaySamples

_MARCH_STREAM = 2
_CELLS = 32  # per side of a grid that is all occupied


@SAMPLERS.register()
class MaskSampler(Sampler):
    """Samples at even distances between where a ray enters and leaves the box, all of a ray moved by one random number.

    The field is asked for all of them, and those without any density are dropped: a field that knows where it is empty
    (``TensoRFNetwork``) says 0 there, and is asked cheaply. Fields that are thin but never empty keep all samples.

    Args:
        step_size: distance of samples, field units; a number or a schedule, of which rendering takes what holds at the
            last training step.
        max_steps: most samples on a ray.
        chunk: most positions per call of the density.
        aabb: scene fact: (min xyz, max xyz), field units.
        near: scene fact: smallest distance, field units.
        far: scene fact: largest distance, field units.
        seed: the run's seed.
        total_steps: of the run; a schedule is checked at its first and its last step.

    Raises:
        ConfigError: a value is out of its range.
    """

    def __init__(
        self,
        step_size: Scheduled = 1 / 512,
        max_steps: int = 4096,
        chunk: int = 2**20,
        aabb: Sequence[float] | np.ndarray = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0),
        near: float = 0.0,
        far: float = 1e9,
        seed: int = 0,
        total_steps: int | None = None,
    ) -> None:
        self._step_size, self._last = make_schedule(step_size), total_steps or 0
        for length in map(self._step_size, (0, self._last)):
            if not 0 < length <= MAX_STEP:
                raise ConfigError(
                    f"MaskSampler: step_size is {length}; it must be above 0 and at most {MAX_STEP:.3f}"
                )
        if max_steps < 1 or chunk < 1:
            raise ConfigError(
                f"MaskSampler: max_steps is {max_steps} and chunk {chunk}; both must be at least 1"
            )
        levels = grid_levels(aabb)
        if levels > MOST_LEVELS:
            edge = 2 ** (MOST_LEVELS - 1)
            raise ConfigError(
                f"MaskSampler: the scene's box is too large; set dataset.aabb_scale={edge} or less"
            )
        self._rule = MarchRule([float(x) for x in aabb], near, far, max_samples_per_ray=max_steps)
        self._chunk, self._seed = chunk, stream_seed(seed, _MARCH_STREAM)
        cells = check_resolution(_CELLS, levels)
        self._everywhere = build_bitfield(jt.ones((levels * cells,)), resolution=_CELLS)
        self._stats: dict[str, float] = {}

    @property
    def stats(self) -> dict[str, float]:
        """Samples of the last training step: ``looked`` at and ``kept``."""
        return dict(self._stats)

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        """See ``Sampler``."""
        with jt.no_grad():
            samples = self._samples(rays, field, step)
        return samples

    def _samples(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        rule = replace(self._rule, min_step=self._step_size(self._last if step is None else step))
        grid = self._everywhere.bits, self._everywhere.blocks, rule, _CELLS
        drawn = rays.draw_step(self._seed, step)
        found = ray_march(rays.rays_o, rays.rays_d, *grid, self._seed, drawn)
        every = to_samples(rays, found)
        if not len(every):
            return every
        intervals = every.t_starts, every.t_ends
        look = look_along(field, self._chunk, keep_features=True)
        sigmas, features = look(every.positions, *intervals, every.ray_indices)
        rows, packed = heavy_samples(sigmas, *intervals, every.packed_info, 0.0)
        if step is not None:
            self._stats = {"looked": len(every), "kept": rows.shape[0]}
        if not rows.shape[0]:
            return to_samples(rays, PackedIntervals.empty(len(rays)))
        if features is not None:
            features = features[rows] if features.ndim == 2 else features[:, rows]
        arrays = (array[rows] for array in (*intervals, every.ray_indices))
        return to_samples(rays, PackedIntervals(*arrays, packed, rows.shape[0]), features)
