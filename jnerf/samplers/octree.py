"""Samples in the leaves of an octree that the field itself keeps: empty space is what the tree leaves out.

NGLOD (Takikawa et al. 2021, https://arxiv.org/abs/2101.10994), section 4.2, and the two ways of Kaolin Wisp to place
samples for a radiance field.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import jittor as jt
import numpy as np

from jnerf.checks.flat import flat_arguments
from jnerf.checks.least import at_least
from jnerf.errors import ConfigError
from jnerf.ops.common import device
from jnerf.ops.common.intervals import PackedIntervals
from jnerf.ops.octree_march import octree_march
from jnerf.ops.ray_points import ray_points
from jnerf.ops.ray_visible import visible_of
from jnerf.registry import SAMPLERS
from jnerf.samplers.amounts import USUAL, Amounts, FollowingRays
from jnerf.samplers.base import Sampler, leading_rays, stream_seed, to_samples
from jnerf.samplers.budget import counted
from jnerf.samplers.field import Field
from jnerf.samplers.looking import look_along
from jnerf.schedules import Scheduled, make_schedule
from jnerf.structures import RayBundle, RaySamples

_STREAM = 10


@SAMPLERS.register()
class OctreeSampler(Sampler):
    """Rays go through the field's octree, and samples lie in the leaves that they meet.

    A look at the density of all of them drops those behind what is opaque. The number of rays follows the samples
    that are left.

    Args:
        aabb: scene fact: (min xyz, max xyz), field units; the tree lies over it.
        near: scene fact: smallest distance, field units.
        far: scene fact: largest distance, field units.
        seed: the run's seed.
        total_steps: training steps of the run.
        marching: "voxel": ``per_leaf`` intervals in every leaf, however long the way through it is; "ray": intervals of
            ``step_size`` along the ray, as far as they lie in leaves.
        per_leaf: intervals in a leaf, for "voxel".
        step_size: of the intervals for "ray", field units; a number, or a schedule.
        amounts: see ``Amounts``.

    Raises:
        ConfigError: a value is out of its range.
    """

    requires_field = frozenset({"octree"})

    @flat_arguments()
    def __init__(
        self,
        aabb: Sequence[float] | np.ndarray = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0),
        near: float = 0.0,
        far: float = 1e9,
        seed: int = 0,
        total_steps: int | None = None,
        amounts: Amounts = USUAL,
        marching: Literal["voxel", "ray"] = "voxel",
        per_leaf: int = 2,
        step_size: Scheduled = 3**0.5 / 1024,
    ) -> None:
        if marching not in ("voxel", "ray"):
            raise ConfigError(f"OctreeSampler: marching is {marching!r}; choose 'voxel' or 'ray'")
        self._step_size = make_schedule(step_size) if marching == "ray" else None
        for length in map(make_schedule(step_size), (0, total_steps or 0)):
            if not length > 0:
                raise ConfigError(f"OctreeSampler: step_size is {length}; it must be above 0")
        at_least("OctreeSampler", per_leaf=(per_leaf, 1))
        self._following = FollowingRays(amounts, total_steps, "OctreeSampler")
        self._place = {"near": float(near), "far": float(far), "max_steps": amounts.max_steps}
        self._place |= {"per_leaf": per_leaf, "seed": stream_seed(seed, _STREAM)}
        self._aabb = [float(x) for x in aabb]
        self.early_stop, self.update_every = amounts.early_stop, amounts.update_every
        self.look_samples, self.density_chunk = amounts.look_samples, amounts.density_chunk
        if self.density_chunk is None:
            self.density_chunk = 2**21 if device.on_cuda() else 2**19
        self._now = 0
        self._stats: dict[str, float] = {}

    def target_samples(self, step: int) -> int:
        """Samples that training step ``step`` is to have."""
        return self._following.target(step)

    @property
    def n_rays(self) -> int:
        """Rays for the next step, so that about ``target_samples`` samples remain."""
        return self._following.n_rays

    @property
    def stats(self) -> dict[str, float]:
        """Samples of the last training step: ``looked`` at, ``wanted`` (seen) and ``kept`` (within the budget)."""
        return dict(self._stats)

    def update(self, field: Field, step: int) -> None:
        """Adapts the number of rays, every ``update_every`` steps; see ``Sampler``."""
        self._now = step
        if step % self.update_every == 0:
            self._following.adapt(step)

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        """Goes through the tree, looks at the density, keeps the visible samples; see ``Sampler``.

        In training the rays past a budget are dropped: the samples then belong to the leading rays only.
        """
        with jt.no_grad():
            return self._samples(rays, field, step)

    def _samples(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        n_rays, training = len(rays), step is not None
        budget = (
            (self.look_samples if self.early_stop > 0 else self.target_samples(step))
            if training
            else None
        )
        where = rays.rays_o, rays.rays_d, field.octree(), self._aabb
        length = (
            None
            if self._step_size is None
            else self._step_size(self._now if step is None else step)
        )
        drawn = rays.draw_step(self._place["seed"], step)
        found = octree_march(
            *where, **self._place, length=length, step=drawn, max_samples=budget
        ).intervals
        looked = len(found)
        if looked < found.wanted:
            rays, found = leading_rays(rays, found, _last_ray(found) + 1)
        features, leading = None, len(rays)
        share = 1.0  # of the rays, those that ``wanted`` is of: all that were marched
        if looked and self.early_stop > 0:
            share = len(rays) / n_rays  # those that are looked at
            arrays = found.t_starts, found.t_ends, found.ray_indices
            positions = ray_points(rays.rays_o, rays.rays_d, *arrays)
            sigmas, features = look_along(field, self.density_chunk)(positions, *arrays)
            most = self.target_samples(step) if training else None
            seen = visible_of(
                found, rays.rays_o, rays.rays_d, sigmas, features, self.early_stop, most
            )
            found, features = seen.intervals, seen.features
            leading = seen.leading if len(found) < found.wanted else leading
        if training:
            counts = round(found.wanted / share), looked, found.wanted, len(found)
            placed, measured, self._stats = counted(
                (found, features, leading), counts, self.target_samples(step), self.tally
            )
            found, features, leading = placed
            self._following.note(measured)
        if leading < len(rays):
            rays, found = leading_rays(rays, found, leading)
        return to_samples(rays, found, features)

    def state(self) -> dict[str, np.ndarray]:
        """Number of rays, the counters behind it, and the last step; see ``Sampler``."""
        rays = self._following
        counters = [rays.n_rays, rays.measured, rays.window, self._now]
        return {"counters": np.array(counters, np.int64)}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Restores the counters; see ``Sampler``."""
        super().load_state(state)
        rays = self._following
        rays.n_rays, rays.measured, rays.window, self._now = (int(x) for x in state["counters"])


def _last_ray(found: PackedIntervals) -> int:
    """The last ray with samples; -1 where there is none."""
    return int(found.ray_indices[-1].item()) if len(found) else -1
