"""Sampling through an occupancy grid, as Instant-NGP does it.

Mueller et al. 2022, https://arxiv.org/abs/2201.05989, appendix E, in its paper-era form: the grid is refreshed every
16 steps, rays are marched through its bitfield, samples behind opaque ones are dropped by a first look at the
density, and the number of rays follows the samples that remain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import jittor as jt
import numpy as np

from jnerf.checks.flat import flat_arguments
from jnerf.checks.least import at_least
from jnerf.errors import ConfigError
from jnerf.ops.common import device
from jnerf.ops.occupancy import (
    MOST_LEVELS,
    Bitfield,
    build_bitfield,
    candidates,
    check_resolution,
    mark_unseen,
    update_grid,
)
from jnerf.ops.occupancy.reference import cell_at
from jnerf.ops.ray_march import MAX_STEP, MIN_STEP, MarchRule, ray_march
from jnerf.ops.ray_visible import FEW_ON_CUDA, VisibleSamples, ray_visible, ray_visible_padded
from jnerf.registry import SAMPLERS
from jnerf.samplers.amounts import USUAL, Amounts, FollowingRays
from jnerf.samplers.base import Sampler, leading_rays, stream_seed, to_samples
from jnerf.samplers.budget import counted
from jnerf.samplers.field import Field
from jnerf.samplers.hull import Hull
from jnerf.samplers.looking import densities, look_along
from jnerf.samplers.sizes import Sizes
from jnerf.schedules import Scheduled, make_schedule
from jnerf.structures import RayBundle, RaySamples

_MARCH_STREAM, _GRID_STREAM = 2, 3
_ANY_CELL = -0.01  # a threshold that every trainable cell passes
# Positions per call of the density, in training and in pictures, on the CPU and on CUDA. Who renders bounds the samples
# of a picture; if its density is asked for in parts, what was computed for them is lost.
_AT_ONCE = (2**19, 2**19), (2**21, 2**24)
_ONES = np.array([value.bit_count() for value in range(256)])  # bits of a byte


def grid_levels(aabb: Sequence[float]) -> int:
    """Levels that cover the box: level l reaches 0.5 +- 2^l / 2.

    >>> grid_levels([0, 0, 0, 1, 1, 1]), grid_levels([-1.5, -1.5, -1.5, 2.5, 2.5, 2.5])
    (1, 3)
    """
    return max(0, math.ceil(math.log2(max(2 * _reach(aabb), 1e-9)) - 1e-6)) + 1


def _reach(aabb: Sequence[float]) -> float:
    """How far the box goes from the middle of the unit box, along an axis."""
    return max(abs(float(x) - 0.5) for x in aabb)


def _possible_levels(aabb: Sequence[float]) -> int:
    """The levels of the grid over a box; raises ConfigError where it would need more than there can be."""
    levels = grid_levels(aabb)
    if levels > MOST_LEVELS:
        edge = 2 ** (MOST_LEVELS - 1)
        raise ConfigError(
            f"the scene's box reaches {_reach(aabb):g} from (0.5, 0.5, 0.5), for which the grid would have "
            f"{levels} levels; at most {MOST_LEVELS} are possible, for a box of edge {edge}: set "
            f"dataset.aabb_scale={edge} or less, and dataset.scale lower if the scene does not fit"
        )
    return levels


@SAMPLERS.register()
class OccupancySampler(Sampler):
    """Marches rays through the occupied cells and keeps what can be seen.

    Args:
        aabb: scene fact: (min xyz, max xyz), field units.
        near: scene fact: smallest distance, field units.
        far: scene fact: largest distance, field units.
        cameras: scene fact: training cameras; cells that none sees stay empty. None: every cell can be trained, and
            so it is where ``cameras.pinholes()`` is None, as of panoramas.
        seed: the run's seed.
        total_steps: of the run; a schedule is checked at its first and its last step.
        amounts: see ``Amounts``.
        grid_resolution: cells per side and level, a power of two.
        step_size: smallest step, field units; a number, or a schedule, of which rendering takes what holds at the
            grid's next update. None: the paper's sqrt(3) / 1024.
        cone_angle: step per distance; a number, or a schedule, as ``step_size``. A wide box is fog to begin with, and a
            ray takes hundreds of samples: a larger angle then gets farther. None: 0 for scenes inside the unit box,
            else 1/256.
        decay: factor on a cell's value at each update.
        warmup_steps: before it an update asks the field once per cell, then half as often: a quarter at any cells,
            a quarter at occupied ones.
        threshold: largest density x MIN_STEP of an empty cell.
        silhouettes: scene fact: gives, one after the other, where the images of ``cameras`` are not transparent; None:
            nobody knows, or they are opaque.
        hull_steps: for scenes with thin things on a transparent background. Above 0, cells that silhouettes prove empty
            (the visual hull) stay empty, and in so many first steps all others stay occupied, whatever their density: a
            wire is learned late, and cells without samples learn nothing. Without pinholes and silhouettes it does
            nothing, and warns. One silhouette is proof enough, so they must be exact.
        fixed_sizes: in training, arrays have sizes that follow what earlier steps needed, with padding behind the
            samples, and the device is asked for nothing but once every ``update_every`` steps. Rays that do not fit are
            dropped. None: on CUDA, where renderer and losses allow it. A resumed run does not repeat an uninterrupted
            one bit by bit then.
        look_once: in training, the density of all samples on rays is asked for at once; False: in windows, so that
            little is asked that lies behind a surface. The samples are the same. None: at once on CUDA, where a kernel
            that is launched costs more than what it does to a few samples. Rendering asks in windows.

    Raises:
        ConfigError: a value is out of its range.
    """

    @flat_arguments()
    def __init__(
        self,
        aabb: Sequence[float] | np.ndarray = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0),
        near: float = 0.0,
        far: float = 1e9,
        cameras: Any = None,
        seed: int = 0,
        total_steps: int | None = None,
        amounts: Amounts = USUAL,
        grid_resolution: int = 128,
        cone_angle: Scheduled | None = None,
        decay: float = 0.95,
        warmup_steps: int = 256,
        threshold: float = 0.01,
        step_size: Scheduled | None = None,
        fixed_sizes: bool | None = None,
        silhouettes: Callable[[], Iterable[np.ndarray] | None] | None = None,
        hull_steps: int = 0,
        look_once: bool | None = None,
    ) -> None:
        self._following = FollowingRays(amounts, total_steps)
        at_least("", hull_steps=(hull_steps, 0))
        max_steps, self.look_samples = amounts.max_steps, amounts.look_samples
        self.density_chunk = self._picture_chunk = amounts.density_chunk
        if amounts.density_chunk is None:
            self.density_chunk, self._picture_chunk = _AT_ONCE[device.on_cuda()]
        self.levels = _possible_levels(aabb)
        try:
            self._cells = check_resolution(grid_resolution, self.levels)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        self.resolution = grid_resolution
        if cone_angle is None:
            cone_angle = 0.0 if self.levels == 1 else 1 / 256
        self._cone_angle = make_schedule(cone_angle)
        self._step_size = make_schedule(MIN_STEP if step_size is None else step_size)
        self._check_steps((0, total_steps or 0))
        self.rule = MarchRule(
            [float(x) for x in aabb], near, far, self._cone_angle(0), max_samples_per_ray=max_steps
        )
        self.decay, self.threshold, self.early_stop = decay, threshold, amounts.early_stop
        self.update_every, self.warmup_steps = amounts.update_every, warmup_steps
        self._march_seed, self._grid_seed = (
            stream_seed(seed, _MARCH_STREAM),
            stream_seed(seed, _GRID_STREAM),
        )
        self._updates = 0
        self._stats: dict[str, float] | None = {}  # None: the sizes know
        # without a bound on the transmittance nothing is looked at, and marching alone reads its sizes
        self.wants_padding = fixed_sizes if amounts.early_stop > 0 else False
        self._look_once = device.on_cuda() if look_once is None else look_once
        self._sizes = Sizes(max_steps, self.look_samples, self._look_once)
        self._hull = Hull(cameras, silhouettes, hull_steps)
        self._set_grid(self._fresh_grid(cameras))

    def _check_steps(self, ends: Sequence[int]) -> None:
        """Raises ConfigError if the length of marching steps is out of its range at one of these training steps."""
        for length in map(self._step_size, ends):
            if not 0 < length <= MAX_STEP:
                raise ConfigError(
                    f"step_size is {length}; it must be above 0 and at most {MAX_STEP:.3f}"
                )
        for angle in map(self._cone_angle, ends):
            if not 0 <= angle <= 1:
                raise ConfigError(f"cone_angle is {angle}; it must be in 0 .. 1")

    def target_samples(self, step: int) -> int:
        """Samples that training step ``step`` is to have."""
        return self._following.target(step)

    @property
    def n_rays(self) -> int:
        """Rays for the next step, so that about ``target_samples`` samples remain."""
        return self._following.n_rays

    @property
    def stats(self) -> dict[str, float]:
        """Samples of the last training step: ``looked`` at, ``wanted`` (seen) and ``kept`` (within the budget); the
        share of cells that are ``occupied``."""
        found = self._sizes.stats() if self._stats is None else dict(self._stats)
        return found and {**found, "occupied": round(self.occupied_fraction(), 6)}

    @property
    def grid(self) -> jt.Var:
        """Density x MIN_STEP per cell, -1 where no camera looks, float32 [levels * resolution^3]."""
        return self._grid

    @property
    def bitfield(self) -> Bitfield:
        """What rays are marched through."""
        return self._bitfield

    def occupied_fraction(self) -> float:
        """Share of the cells of level 0 that are occupied."""
        counts = np.bincount(self._bitfield.bits.numpy()[: self._cells // 8], minlength=256)
        return float(counts @ _ONES) / self._cells

    @property
    def empty_below(self) -> float:
        """Density, per field unit, below which a cell counts as empty; see ``Sampler``."""
        return float(self._bitfield.stats.numpy()[1]) / MIN_STEP

    def occupied_cells(self) -> Iterator[tuple[np.ndarray, float]]:
        """Middles and edge of the occupied cells of each level, where no finer one is; see ``Sampler``."""
        bits = np.unpackbits(self._bitfield.bits.numpy(), bitorder="little")
        for level, occupied in enumerate(bits.reshape(self.levels, -1)):
            edge = 2.0**level / self.resolution
            cells = cell_at(np.flatnonzero(occupied), self.resolution) + 0.5 - self.resolution / 2
            if level:
                cells = cells[np.abs(cells).max(axis=1, initial=0) > self.resolution / 4]
            yield (0.5 + cells * edge).astype(np.float32), edge

    def _fresh_grid(self, cameras: Any) -> jt.Var:
        pinholes = None if cameras is None else cameras.pinholes()
        if pinholes is None:
            return jt.zeros((self.levels * self._cells,), "float32")
        return mark_unseen(
            pinholes.c2w, pinholes.intrinsics, pinholes.sizes, self.resolution, self.levels
        )

    def _set_grid(self, grid: jt.Var) -> None:
        self._grid = grid.stop_grad()
        since = (self._updates - 1) * self.update_every  # the step of the last update
        kept = self._updates > 0 and self._hull.open_at(since)
        threshold = _ANY_CELL if kept else self.threshold
        self._bitfield = build_bitfield(self._grid, threshold, self.resolution)
        jt.sync([self._grid, self._bitfield.bits, self._bitfield.blocks, self._bitfield.stats])

    def update(self, field: Field, step: int) -> None:
        """Refreshes the grid and adapts the number of rays, every ``update_every`` steps; see ``Sampler``."""
        if step % self.update_every:
            return
        with jt.no_grad():
            if self._updates == 0:
                self._grid = self._hull.carved(self._grid, self.resolution)
            where = self._grid_seed, self._updates, self.resolution
            cells, positions = candidates(self._grid, self._picks(step), *where)
            sigmas = densities(field.density_nearby, positions, self.density_chunk)
            self._updates += 1
            self._set_grid(update_grid(self._grid, cells, sigmas, MIN_STEP, self.decay))
        self._collect()
        self._sizes.adapt()
        self._following.adapt(step)

    def _collect(self) -> None:
        """Takes in what steps with fixed sizes needed."""
        for measured in self._sizes.collect():
            self._following.note(int(self.tally((measured,))[0].sum()))

    def _picks(self, step: int) -> list[tuple[int, float]]:
        """(number, threshold) of each group of candidates."""
        total = self.levels * self._cells
        if step < self.warmup_steps:
            return [(total, _ANY_CELL)]
        return [(total // 4, _ANY_CELL), (total // 4, self.threshold)]

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        """Marches, looks at the density, keeps the visible samples.

        In training the rays past the budget are dropped: the samples then belong to the leading rays only.
        Rendering drops nothing. See ``Sampler``.
        """
        if self.padded and step is not None and len(rays):
            with jt.no_grad():
                return self._padded(rays, field, step)
        with jt.no_grad():
            found = self._march(rays, field, step)
        intervals, n_rays = found.intervals, len(rays)
        if found.n_rays < n_rays:
            rays = rays.first(found.n_rays)
        features, leading = found.features, len(rays)
        if len(intervals) < intervals.wanted:
            last = found.leading is None
            leading = int(intervals.ray_indices[-1].item()) + 1 if last else found.leading
        if step is not None:
            measured = round(intervals.wanted * n_rays / max(len(rays), 1))
            counts = measured, found.looked, intervals.wanted, len(intervals)
            placed, measured, self._stats = counted(
                (intervals, features, leading), counts, self.target_samples(step), self.tally
            )
            intervals, features, leading = placed
            self._following.note(measured)
        if leading < len(rays):
            rays, intervals = leading_rays(rays, intervals, leading)
        return to_samples(rays, intervals, features)

    def _padded(self, rays: RayBundle, field: Field, step: int) -> RaySamples:
        """Samples with padding; see ``jnerf.ops.ray_visible.ray_visible_padded``."""
        if self._sizes.pending and not self._sizes.measured:
            self._collect()  # once: the sizes that a run begins with are a guess
            self._sizes.adapt()
        looks, capacity = self._sizes.of(len(rays), self.target_samples(step))
        look = look_along(field, self.density_chunk, keep_features=True)
        where = rays.rays_o, rays.rays_d, *self._grid_at(step), look, looks, capacity
        drawn = rays.draw_step(self._march_seed, step)
        found = ray_visible_padded(*where, self.early_stop, self._march_seed, drawn)
        self._sizes.note(len(rays), looks, found.state)
        self._stats = None
        arrays = found.t_starts, found.t_ends, found.ray_indices, found.packed_info
        extras = {"features": found.features, "live": found.live, "count": found.count}
        return RaySamples(rays, *arrays, **extras, middles=found.positions)

    def _grid_at(self, step: int | None) -> tuple[jt.Var, jt.Var, MarchRule, int]:
        """What rays are marched through: bits, blocks, rule and resolution."""
        now = self._updates * self.update_every if step is None else step
        rule = replace(self.rule, min_step=self._step_size(now), cone_angle=self._cone_angle(now))
        return self._bitfield.bits, self._bitfield.blocks, rule, self.resolution

    def _march(self, rays: RayBundle, field: Field, step: int | None) -> VisibleSamples:
        grid = self._grid_at(step)
        bounds = {"seed": self._march_seed, "step": rays.draw_step(self._march_seed, step)}
        if step is not None:
            bounds |= {"max_samples": self.target_samples(step)}
        if self.early_stop <= 0:  # everything is kept: nothing to ask
            intervals = ray_march(rays.rays_o, rays.rays_d, *grid, **bounds)
            return VisibleSamples(intervals, None, 0, len(rays), None)
        if step is not None:
            bounds |= {"max_looked": self.look_samples}
        look = look_along(field, self.density_chunk if step is not None else self._picture_chunk)
        bounds["once"] = self._look_once and step is not None
        if device.on_cuda():
            bounds["few"] = FEW_ON_CUDA
        return ray_visible(rays.rays_o, rays.rays_d, *grid, look, self.early_stop, **bounds)

    def state(self) -> dict[str, np.ndarray]:
        """Grid, number of rays and the counters; see ``Sampler``."""
        self._collect()
        rays = self._following
        counters = [rays.n_rays, self._updates, rays.measured, rays.window]
        return {"grid": self._grid.numpy(), "counters": np.array(counters, np.int64)}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Restores grid and counters; the bitfield follows from the grid. See ``Sampler``."""
        super().load_state(state)
        rays = self._following
        rays.n_rays, self._updates, rays.measured, rays.window = map(int, state["counters"])
        self._set_grid(jt.array(np.asarray(state["grid"], np.float32)))
