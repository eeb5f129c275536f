"""``ray_visible`` without a word to the host: sizes are chosen before, and what was found is counted on the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.ray_march.rule import MARCH, MarchRule, march_data
from jnerf.ops.ray_visible.op import LookFn, Window, gather, look_through, windows

_FIRST_WINDOW, _GROWTH = (
    32,
    3.0,
)  # few rounds: each costs launches, and what lies behind a surface is bounded anyway

_COUNT = (
    MARCH
    + """
jnerf::visible_count(in0->num / 3, {march, in4_p, in5_p, in6_p, (int)data["looked"], (int)data["length"],
    (float)data["early_stop"], out0_p, out1_p, out2_p, in7_p}, (int64_t)data["capacity"], out3_p);
jnerf::visible_live(in0->num / 3, {out0_p, out3_p, in7_p, (int64_t)data["capacity"], (int)in7->num, (int)data["slot"],
    out4_p});
"""
)
_WRITE = (
    MARCH
    + """
jnerf::ray_march_write(in0->num / 3, {march, in4_p, in5_p, out0_p, out1_p, out2_p});
jnerf::pad_intervals(in4_p, in0->num / 3, out0->num, out0_p, out1_p, out2_p);
"""
)
_PACK = """
jnerf::visible_pack(in0->num, {in0_p, out0_p, in1_p}, (int64_t)data["capacity"], out1_p);
jnerf::visible_live(in0->num, {out0_p, out1_p, in1_p, (int64_t)data["capacity"], (int)in1->num,
    jnerf::VISIBLE_WANTED, out2_p});
jnerf::visible_mask(in0->num, {out2_p, out3_p});
"""


@dataclass(frozen=True)
class PaddedSamples:
    """What ``ray_visible_padded`` keeps: arrays of N rows, of which the leading ones are samples.

    Attributes:
        t_starts: interval starts, float32 [N]; 0 in rows of padding.
        t_ends: interval ends, float32 [N]; 0 in rows of padding.
        ray_indices: the ray of each interval, ascending, int32 [N]; the last one in rows of padding.
        packed_info: (first, count) of each ray, int32 [R, 2]; padding belongs to none.
        features: what the field computed at the intervals, [N, C] or grouped [G, N, F], 0 in rows of padding; or None.
        live: 1 for the leading rays whose samples are all here, 0 for those that were dropped, float32 [R, 1].
        state: int32 [4 + 2 W]: live rays; those before ``capacity`` was looked at; the samples that these wanted;
            samples kept; and for each window the samples that its rays wanted, and the rays left behind it.
    """

    t_starts: jt.Var
    t_ends: jt.Var
    ray_indices: jt.Var
    packed_info: jt.Var
    features: jt.Var | None
    live: jt.Var
    state: jt.Var


def padded_windows(longest: int) -> list[tuple[int, int]]:
    """(samples before, length) of the windows of ``ray_visible_padded``.

    >>> padded_windows(1024)
    [(0, 32), (32, 96), (128, 384), (512, 512)]
    """
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
        looks: most samples of each window of ``padded_windows(rule.max_samples_per_ray)``, at least its length.
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
    spans, longest, n = (
        padded_windows(rule.max_samples_per_ray),
        rule.max_samples_per_ray,
        len(rays_o),
    )
    _check(n, looks, [length for _, length in spans], capacity, longest)
    data = march_data(bits, blocks, rule, resolution, seed, step) | {"early_stop": early_stop}
    rays = [rays_o, rays_d, bits, blocks]
    point, trans = jt.zeros((n,), "float32"), jt.ones((n,), "float32")
    kept, state = jt.zeros((n,), "int32"), jt.ones((4 + 2 * len(spans),), "int32") * n
    parts: list[Window] = []
    for i, ((looked, length), most) in enumerate(zip(spans, looks, strict=True)):
        data |= {"looked": looked, "length": length, "capacity": most, "slot": 4 + 2 * i}
        shapes, dtypes = [(n, 2), (n,), (n,), (2,)], ["int32", "float32", "float32", "int32"]
        inputs = [*rays, point, kept, trans, state]
        window, first, point, _, state = code_op(
            "ray_visible", [*shapes, state.shape], [*dtypes, "int32"], inputs, _COUNT, data
        )
        shapes, dtypes = [(most,)] * 3, ["float32", "float32", "int32"]
        samples = code_op("ray_visible", shapes, dtypes, [*rays, window, first], _WRITE, data)
        part, kept, trans = look_through(look, tuple(samples), window, kept, trans, data)
        parts.append(part)
    shapes, dtypes = [(n, 2), (2,), state.shape, (n, 1)], ["int32", "int32", "int32", "float32"]
    out = code_op("ray_visible", shapes, dtypes, [kept, state], _PACK, {"capacity": capacity})
    packed, _, state, live = (v.stop_grad() for v in out)
    intervals, features = gather(parts, packed, capacity, len(spans), padded=True)
    return PaddedSamples(*intervals, packed, features, live, state)


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
