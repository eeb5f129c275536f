"""``ray_visible`` without a word to the host: sizes are chosen before, and what was found is counted on the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jittor as jt

from jnerf.ops.ray_march.rule import MarchRule, march_data
from jnerf.ops.ray_visible.gather import gather
from jnerf.ops.ray_visible.steps import LookFn, Walk, windows

# Few rounds: each costs launches, and what lies behind a surface is bounded anyway.
_FIRST_WINDOW, _GROWTH = 32, 3.0


@dataclass(frozen=True)
class PaddedSamples:
    """What ``ray_visible_padded`` keeps: arrays of N rows, of which the leading ones are samples.

    Attributes:
        t_starts: interval starts, float32 [N]; 0 in rows of padding.
        t_ends: interval ends, float32 [N]; 0 in rows of padding.
        ray_indices: the ray of each interval, ascending, int32 [N]; the last one in rows of padding.
        packed_info: (first, count) of each ray, int32 [R, 2]; padding belongs to none.
        positions: their midpoints, float32 [N, 3].
        features: what the field computed at the intervals, [N, C] or grouped [G, N, F], 0 in rows of padding; or None.
        live: 1 for the leading rays whose samples are all here, 0 for those that were dropped, float32 [R, 1].
        count: how many samples there are, int32 [1].
        state: int32 [4 + 2 W]: live rays; those before ``capacity`` was looked at; the samples that these wanted;
            samples kept; and for each window the samples that its rays wanted, and the rays left behind it.
    """

    t_starts: jt.Var
    t_ends: jt.Var
    ray_indices: jt.Var
    packed_info: jt.Var
    positions: jt.Var
    features: jt.Var | None
    live: jt.Var
    count: jt.Var
    state: jt.Var


def padded_windows(longest: int, once: bool = False) -> list[tuple[int, int]]:
    """(samples before, length) of the windows of ``ray_visible_padded``; with ``once`` there is one.

    >>> padded_windows(1024)
    [(0, 32), (32, 96), (128, 384), (512, 512)]
    """
    if once:
        return [(0, longest)]
    spans = windows(longest, _FIRST_WINDOW, _GROWTH)
    return [(before, min(length, longest - before)) for before, length in spans]


def ray_visible_padded(
    rays_o: jt.Var,
    rays_d: jt.Var,
    bits: jt.Var,
    blocks: jt.Var,
    rule: MarchRule,
    resolution: int,
    look: LookFn,
    looks: Sequence[int],
    capacity: int,
    early_stop: float = 1e-4,
    seed: int = 0,
    step: int | None = None,
) -> PaddedSamples:
    """The samples of ``ray_visible`` in arrays whose sizes were chosen before: nothing is read back from the device.

    Where a window or the result has more samples than fit, the first ray that does not fit and all rays behind it
    are dropped. ``look`` is asked for rows of padding too; what it says of them is not used.

    Args:
        rays_o: origins, float32 [R, 3], R at least 1.
        rays_d: unit directions, float32 [R, 3].
        bits: see ``ray_march``.
        blocks: see ``ray_march``.
        rule: box, range and step lengths.
        resolution: cells per side of the grid.
        look: see ``ray_visible``.
        looks: most samples of each window of ``padded_windows(rule.max_samples_per_ray)``, at least its length; of a
            single one, all samples are looked at once.
        capacity: N, most samples of the result, at least ``rule.max_samples_per_ray``.
        early_stop: transmittance below which a ray ends.
        seed: seed of the jitter.
        step: training step, part of the jitter's key; None: no jitter.

    Returns:
        The samples. Nothing is differentiable.

    Raises:
        ValueError: there is no ray, a capacity is below what one ray may need, the grid's sizes differ, or ``look``
            gives wrong sizes.
    """
    longest, n = rule.max_samples_per_ray, len(rays_o)
    spans = padded_windows(longest, once=len(looks) == 1)
    _check(n, looks, [length for _, length in spans], capacity, longest)
    data = march_data(bits, blocks, rule, resolution, seed, step) | {"early_stop": early_stop}
    walk = Walk([rays_o, rays_d, bits, blocks], data, slots=4 + 2 * len(spans))
    for i, ((looked, length), most) in enumerate(zip(spans, looks, strict=True)):
        walk.step(looked, length, most, slot=4 + 2 * i)
        walk.look(look, most, looked)
    packed, _, state, live, count = (v.stop_grad() for v in walk.end(capacity))
    found, features = gather(walk.parts, [rays_o, rays_d], packed, capacity, len(spans), True)
    starts, ends, ray_indices, positions = found
    return PaddedSamples(starts, ends, ray_indices, packed, positions, features, live, count, state)


def _check(
    n_rays: int, looks: Sequence[int], lengths: Sequence[int], capacity: int, longest: int
) -> None:
    if n_rays < 1:
        raise ValueError("there is no ray; padding lies on the last one")
    if len(looks) != len(lengths) or any(a < b for a, b in zip(looks, lengths, strict=True)):
        raise ValueError(
            f"looks is {list(looks)}; one ray may need {list(lengths)} in its windows, each is the least"
        )
    if capacity < longest:
        raise ValueError(f"capacity is {capacity}; one ray may need {longest} samples")
