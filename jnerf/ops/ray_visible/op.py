"""Jittor op that marches rays and keeps the leading samples of each until its transmittance is used up.

Instant-NGP (Mueller et al. 2022, https://arxiv.org/abs/2201.05989), appendix E: early ray termination.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jittor as jt

from jnerf.ops.common.intervals import INT_MAX, PackedIntervals, check_budget, read_totals
from jnerf.ops.ray_march.rule import MarchRule, march_data
from jnerf.ops.ray_visible.gather import gather
from jnerf.ops.ray_visible.steps import (
    FIRST_WINDOW,
    LookFn,
    Walk,
    Window,
    next_window,
    windows,
)

#: Samples of all rays that a window is worth its overhead for: on the CPU, and on CUDA.
FEW, FEW_ON_CUDA = 4096, 2**18
_MOST_WINDOWS = 64


@dataclass(frozen=True)
class VisibleSamples:
    """What ``ray_visible`` keeps.

    Attributes:
        intervals: of the leading rays; ``wanted`` counts what a budget dropped too.
        features: what the field computed at the intervals, as it came: [S, C] or grouped [G, S, F]; or None.
        looked: samples whose density was asked for.
        n_rays: leading rays that were marched; the ones behind were dropped for ``max_looked``.
        leading: leading rays that hold all the samples; None where nobody has counted them.
    """

    intervals: PackedIntervals
    features: jt.Var | None
    looked: int
    n_rays: int
    leading: int | None


def ray_visible(
    rays_o: jt.Var,
    rays_d: jt.Var,
    bits: jt.Var,
    blocks: jt.Var,
    rule: MarchRule,
    resolution: int,
    look: LookFn,
    early_stop: float = 1e-4,
    seed: int = 0,
    step: int | None = None,
    max_samples: int | None = None,
    max_looked: int | None = None,
    first_window: int = FIRST_WINDOW,
    once: bool = False,
    few: int = FEW,
) -> VisibleSamples:
    """Samples of ``ray_march``, of which sample i stays while T_i = prod_{j<i} exp(-sigma_j dt_j) >= ``early_stop``.

    The sample that uses the transmittance up is kept, those behind it are not. Rays are marched in windows, and
    the density is asked only of rays that are still transparent. Windows grow, and faster once few rays are left.

    Args:
        rays_o: origins, float32 [R, 3].
        rays_d: unit directions, float32 [R, 3].
        bits: see ``ray_march``.
        blocks: see ``ray_march``.
        rule: box, range and step lengths.
        resolution: cells per side of the grid.
        look: called with (positions, t_starts, t_ends, ray_indices) of W samples, gives their densities, float32 [W],
            and features to be kept with the samples, or None.
        early_stop: transmittance below which a ray ends.
        seed: seed of the jitter.
        step: training step, part of the jitter's key; None: no jitter.
        max_samples: the first ray that would exceed it and all rays after get no sample, so rays must come
            in an order that has nothing to do with what they see.
        max_looked: most samples that are asked for, a bound on memory: when it is passed, only the leading half of
            the rays is marched, and so on. At least the samples of a ray.
        first_window: samples per ray of the first window; more where rays are few.
        once: one window for all samples, and so one look at each: more of them, in fewer and larger kernels.
        few: so many samples a window may have whatever the number of rays: few rays get long windows.

    Returns:
        The kept samples. Nothing is differentiable.

    Raises:
        ValueError: a budget is out of range, the grid's sizes differ, ``look`` gives wrong sizes, or one ray alone
            passes ``max_looked``.
    """
    capacity, most = check_budget(max_samples), check_budget(max_looked)
    data = march_data(bits, blocks, rule, resolution, seed, step) | {"early_stop": early_stop}
    longest = rule.max_samples_per_ray
    slots = 1 if once else len(list(windows(longest, first_window)))
    if slots > _MOST_WINDOWS:
        raise ValueError(
            f"{longest} samples per ray in windows from {first_window} on are {slots} rounds, "
            f"at most {_MOST_WINDOWS} are possible: raise first_window"
        )
    if rays_o.shape[0] == 0:
        return VisibleSamples(PackedIntervals.empty(0), None, 0, 0, 0)
    n = rays_o.shape[0]
    while n > 0:
        rays = [rays_o, rays_d] if n == rays_o.shape[0] else [rays_o[:n], rays_d[:n]]
        first = longest if once else max(first_window, few // n)
        walk = Walk([*rays, bits, blocks], data)
        if _march(walk, longest, first, few, look, most):
            return _keep(walk, rays, capacity, slots)
        n //= 2
    raise ValueError(f"max_looked is {most}; the first ray alone has more samples")


def visible_of(
    intervals: PackedIntervals,
    rays_o: jt.Var,
    rays_d: jt.Var,
    sigmas: jt.Var,
    features: jt.Var | None,
    early_stop: float = 1e-4,
    max_samples: int | None = None,
) -> VisibleSamples:
    """The same choice among samples that are placed and looked at already.

    Args:
        intervals: at least one.
        rays_o: origins, float32 [R, 3].
        rays_d: unit directions, float32 [R, 3].
        sigmas: densities of the intervals, float32 [S].
        features: what the field computed at them, [S, C] or grouped [G, S, F]; or None.
        early_stop: as of ``ray_visible``.
        max_samples: as of ``ray_visible``.

    Returns:
        The kept samples.

    Raises:
        ValueError: the budget is out of range.
    """
    rays = [rays_o, rays_d]
    walk = Walk(rays, {"early_stop": early_stop})
    where = intervals.t_starts, intervals.t_ends, intervals.packed_info
    walk.parts.append(Window(*where, 0, features, sigmas))
    return _keep(walk, rays, check_budget(max_samples), 1)


def _march(walk: Walk, longest: int, first: int, few: int, look: LookFn, most: int) -> bool:
    """All windows of the rays, the first of so many samples each; False: they have more samples than ``most``."""
    looked, length, total = 0, min(first, longest), 0
    while looked < longest:
        size, _ = read_totals(walk.step(looked, length, INT_MAX), None)
        total += size
        if total > most:
            return False
        if size > 0:
            walk.look(look, size, looked)
        looked += length
        # Rays that go on have filled this window, so there are no more of them than this.
        left = size // length
        if left == 0:
            break
        length = next_window(looked, max(first, few // left))
    return True


def _keep(walk: Walk, rays: Sequence[jt.Var], capacity: int, slots: int) -> VisibleSamples:
    """The samples that stay, laid out ray after ray; of at most ``slots`` windows."""
    n, parts = rays[0].shape[0], walk.parts
    looked = sum(part.t_starts.shape[0] for part in parts)
    if not parts:
        return VisibleSamples(PackedIntervals.empty(n), None, 0, n, 0)
    packed, totals, *_ = walk.end(capacity)
    size, wanted, leading = (int(x) for x in totals.numpy())
    if size == 0:
        return VisibleSamples(PackedIntervals.empty(n, wanted), None, looked, n, 0)
    found, features = gather(parts, rays, packed, size, slots)
    starts, ends, ray_indices, positions = found
    intervals = PackedIntervals(
        starts, ends, ray_indices, packed.stop_grad(), wanted, positions=positions
    )
    return VisibleSamples(intervals, features, looked, n, leading)
