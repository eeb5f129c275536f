"""Jittor op that marches rays and keeps the leading samples of each until its transmittance is used up.

Instant-NGP (Mueller et al. 2022, https://arxiv.org/abs/2201.05989), appendix E: early ray termination.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.common.intervals import PackedIntervals, check_budget, read_totals
from jnerf.ops.ray_march.rule import MARCH, MarchRule, march_data

# (t_starts [W], t_ends [W], ray_indices [W]) -> densities [W], and what else the field computed for them:
# [W, C] or grouped [G, W, F], or None.
LookFn = Callable[[jt.Var, jt.Var, jt.Var], tuple[jt.Var, jt.Var | None]]

_FIRST_WINDOW = 8

_COUNT = (
    MARCH
    + """
jnerf::visible_count(in0->num / 3, {march, in4_p, in5_p, in6_p, (int)data["looked"], (int)data["length"],
    (float)data["early_stop"], out0_p, out1_p, out2_p}, INT_MAX, out3_p);
"""
)
_WRITE = (
    MARCH
    + """
jnerf::ray_march_write(in0->num / 3, {march, in4_p, in5_p, out0_p, out1_p, out2_p});
"""
)
_ADVANCE = """
jnerf::visible_advance(in4->num, {in0_p, in1_p, in2_p, in3_p, in4_p, in5_p, (float)data["early_stop"], out0_p, out1_p});
"""
_PACK = """
jnerf::visible_pack(in0->num, {in0_p, out0_p}, (int64_t)data["capacity"], out1_p);
"""
_MOST_WINDOWS = 64


@dataclass(frozen=True)
class VisibleSamples:
    """What ``ray_visible`` keeps.

    Attributes:
        intervals: of the leading rays; ``wanted`` counts what a budget dropped too.
        features: what the field computed at the intervals, as it came: [S, C] or grouped [G, S, F]; or None.
        looked: samples whose density was asked for.
        n_rays: leading rays that were marched; the ones behind were dropped for ``max_looked``.
    """

    intervals: PackedIntervals
    features: jt.Var | None
    looked: int
    n_rays: int


@dataclass(frozen=True)
class Window:
    """One round: its samples [W], their (first, count) of each ray, and how many each ray had before."""

    t_starts: jt.Var
    t_ends: jt.Var
    packed: jt.Var
    looked: int
    features: jt.Var | None


def windows(
    longest: int, first: int = _FIRST_WINDOW, growth: float = 0.5
) -> Iterator[tuple[int, int]]:
    """(samples before, length) of the windows that cover a ray of ``longest`` samples.

    Each is ``growth`` times as long as all before it, at least ``first``: with half, few rounds, and at most about half
    as many densities again as there are visible samples.

    >>> list(windows(30, first=8))
    [(0, 8), (8, 8), (16, 8), (24, 12)]
    """
    looked = 0
    while looked < longest:
        length = max(first, int(looked * growth))
        yield looked, length
        looked += length


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
    first_window: int = _FIRST_WINDOW,
) -> VisibleSamples:
    """Samples of ``ray_march``, of which sample i stays while T_i = prod_{j<i} exp(-sigma_j dt_j) >= ``early_stop``.

    The sample that uses the transmittance up is kept, those behind it are not. Rays are marched in windows, and
    the density is asked only of rays that are still transparent.

    Args:
        rays_o: origins, float32 [R, 3].
        rays_d: unit directions, float32 [R, 3].
        bits: see ``ray_march``.
        blocks: see ``ray_march``.
        rule: box, range and step lengths.
        resolution: cells per side of the grid.
        look: called with (t_starts, t_ends, ray_indices) of W samples, gives their densities, float32 [W], and
            features to be kept with the samples, or None.
        early_stop: transmittance below which a ray ends.
        seed: seed of the jitter.
        step: training step, part of the jitter's key; None: no jitter.
        max_samples: the first ray that would exceed it and all rays after get no sample, so rays must come
            in an order that has nothing to do with what they see.
        max_looked: most samples that are asked for, a bound on memory: when it is passed, only the leading half of
            the rays is marched, and so on. At least the samples of a ray.
        first_window: samples per ray of the first window.

    Returns:
        The kept samples. Nothing is differentiable.

    Raises:
        ValueError: a budget is out of range, the grid's sizes differ, ``look`` gives wrong sizes, or one ray alone
            passes ``max_looked``.
    """
    capacity, most = check_budget(max_samples), check_budget(max_looked)
    data = march_data(bits, blocks, rule, resolution, seed, step) | {"early_stop": early_stop}
    spans = list(windows(rule.max_samples_per_ray, first_window))
    if len(spans) > _MOST_WINDOWS:
        raise ValueError(
            f"{rule.max_samples_per_ray} samples per ray in windows from {first_window} on are {len(spans)} rounds, "
            f"at most {_MOST_WINDOWS} are possible: raise first_window"
        )
    if rays_o.shape[0] == 0:
        return VisibleSamples(PackedIntervals.empty(0), None, 0, 0)
    n = rays_o.shape[0]
    while n > 0:
        found = _march([rays_o[:n], rays_d[:n], bits, blocks], data, spans, look, most)
        if found is not None:
            return _keep(*found, capacity, len(spans))
        n //= 2
    raise ValueError(f"max_looked is {most}; the first ray alone has more samples")


def _march(
    rays: list[jt.Var],
    data: dict[str, float],
    spans: list[tuple[int, int]],
    look: LookFn,
    most: int,
) -> tuple[list[Window], jt.Var] | None:
    """All windows of the rays, and how many samples each ray keeps, int32 [R]; None: they are more than ``most``."""
    n, total = rays[0].shape[0], 0
    next_point, trans = jt.zeros((n,), "float32"), jt.ones((n,), "float32")
    kept = jt.zeros((n,), "int32")
    parts: list[Window] = []
    for looked, length in spans:
        data = data | {"looked": looked, "length": length}
        shapes, dtypes = [(n, 2), (n,), (n,), (2,)], ["int32", "float32", "float32", "int32"]
        inputs = [*rays, next_point, kept, trans]
        window, first, next_point, totals = code_op(
            "ray_visible", shapes, dtypes, inputs, _COUNT, data
        )
        size, _ = read_totals(totals, None)
        total += size
        if total > most:
            return None
        if size == 0:
            break
        shapes, dtypes = [(size,)] * 3, ["float32", "float32", "int32"]
        inputs = [*rays, window, first]
        starts, ends, ray_indices = code_op("ray_visible", shapes, dtypes, inputs, _WRITE, data)
        part, kept, trans = look_through(
            look, (starts, ends, ray_indices), window, kept, trans, data
        )
        parts.append(part)
    return parts, kept


def look_through(
    look: LookFn,
    samples: tuple[jt.Var, jt.Var, jt.Var],
    window: jt.Var,
    kept: jt.Var,
    trans: jt.Var,
    data: dict[str, float],
) -> tuple[Window, jt.Var, jt.Var]:
    """Asks for the densities of a window, with its number of samples ``looked`` before it in ``data``.

    Returns:
        The window; how many samples each ray keeps so far, int32 [R]; and its transmittance, float32 [R].
    """
    starts, ends, ray_indices = (v.stop_grad() for v in samples)
    n, size = kept.shape[0], starts.shape[0]
    sigmas, features = look(starts, ends, ray_indices)
    if list(sigmas.shape) != [size] or (features is not None and features.shape[-2] != size):
        given = [list(v.shape) for v in (sigmas, features) if v is not None]
        raise ValueError(f"look gave {given} for {size} samples")
    shapes, dtypes = [(n,), (n,)], ["int32", "float32"]
    inputs = [starts, ends, sigmas, window, kept, trans]
    kept, trans = code_op("ray_visible", shapes, dtypes, inputs, _ADVANCE, data)
    # frees what the field computed on the way
    jt.sync([kept, trans] if features is None else [kept, trans, features])
    return Window(starts, ends, window, int(data["looked"]), features), kept, trans


def _keep(parts: list[Window], kept: jt.Var, capacity: int, slots: int) -> VisibleSamples:
    """The samples that stay, laid out ray after ray; of at most ``slots`` windows."""
    n, looked = kept.shape[0], sum(part.t_starts.shape[0] for part in parts)
    shapes, dtypes = [(n, 2), (2,)], ["int32", "int32"]
    packed, totals = code_op("ray_visible", shapes, dtypes, [kept], _PACK, {"capacity": capacity})
    size, wanted = (int(x) for x in totals.numpy())
    if size == 0:
        return VisibleSamples(PackedIntervals.empty(n, wanted), None, looked, n)
    out, features = gather(parts, packed, size, slots)
    return VisibleSamples(PackedIntervals(*out, packed.stop_grad(), wanted), features, looked, n)


def gather(
    parts: list[Window], packed: jt.Var, size: int, slots: int, padded: bool = False
) -> tuple[list[jt.Var], jt.Var | None]:
    """The kept samples of all windows, and their features if every window has them.

    ``padded``: ``size`` may be more than there are, and rows behind them are filled.
    """
    n_parts, shapes, dtypes = len(parts), [(size,)] * 3, ["float32", "float32", "int32"]
    data: dict[str, float] = {"windows": n_parts}
    data |= {f"looked{i}": part.looked for i, part in enumerate(parts)}
    last = parts[0].features
    has_features = all(part.features is not None for part in parts)
    if has_features:
        grouped = last.ndim == 3
        data |= {"groups": last.shape[0] if grouped else 1, "width": last.shape[-1]}
        shapes = [*shapes, [*last.shape[:-2], size, last.shape[-1]]]
        dtypes = [*dtypes, "float32"]
    # Every ray has as many places for windows, whatever it needs of them: one kernel for all steps.
    inputs = [packed]
    for i in range(slots):
        part = parts[i if i < n_parts else 0]
        inputs += [part.packed, part.t_starts, part.t_ends]
        inputs += [part.features] if has_features else []
    data |= {f"looked{i}": 0 for i in range(n_parts, slots)}
    source = _gather_source(slots, has_features) + (_padding(has_features) if padded else "")
    out = [v.stop_grad() for v in code_op("ray_visible", shapes, dtypes, inputs, source, data)]
    return out[:3], out[3] if has_features else None


def _gather_source(slots: int, has_features: bool) -> str:
    """The C++ that hands ``slots`` windows over."""
    windows, at = [], 1
    for i in range(slots):
        features = f"in{at + 3}_p" if has_features else "nullptr"
        windows.append(
            f"{{in{at}_p, in{at + 1}_p, in{at + 2}_p, {features}, (int64_t)in{at + 1}->num, "
            f'(int)data["looked{i}"]}}'
        )
        at += 4 if has_features else 3
    source = (
        f'const jnerf::VisibleWindows windows{{{{{", ".join(windows)}}}, (int)data["windows"], in0_p}};\n'
        "jnerf::visible_gather(in0->num / 2, {windows, out0_p, out1_p, out2_p});\n"
    )
    if has_features:
        source += (
            'jnerf::visible_gather_features({windows, in0->num / 2, (int64_t)data["groups"], '
            '(int64_t)out0->num, (int)data["width"], out3_p});\n'
        )
    return source


def _padding(has_features: bool) -> str:
    """The C++ that fills the rows behind the samples."""
    source = "jnerf::pad_intervals(in0_p, in0->num / 2, out0->num, out0_p, out1_p, out2_p);\n"
    if has_features:
        source += (
            "jnerf::visible_pad_features(in0_p, in0->num / 2, "
            '{out3_p, (int64_t)data["groups"], (int64_t)out0->num, (int)data["width"]});\n'
        )
    return source
