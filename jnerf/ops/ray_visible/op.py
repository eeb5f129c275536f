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
    (float)data["early_stop"], out0_p, out1_p, out2_p}, out3_p);
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
_GATHER = """
jnerf::visible_gather(in0->num / 2,
    {{in0_p, in1_p, (int)data["looked"]}, in2_p, in3_p, out0_p, out1_p, out2_p});
"""
_GATHER_FEATURES = """
jnerf::visible_gather_features({{in0_p, in1_p, (int)data["looked"]}, in2_p, in0->num / 2, (int64_t)data["groups"],
    (int64_t)data["n_in"], (int64_t)data["n_out"], (int)data["width"], out0_p});
"""


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
class _Window:
    """One round: its samples [W], their (first, count) of each ray, and how many each ray had before."""

    t_starts: jt.Var
    t_ends: jt.Var
    packed: jt.Var
    looked: int
    features: jt.Var | None


def windows(longest: int, first: int = _FIRST_WINDOW) -> Iterator[tuple[int, int]]:
    """(samples before, length) of the windows that cover a ray of ``longest`` samples.

    Each is half as long as all before it, at least ``first``: few rounds, and at most about half as many
    densities again as there are visible samples.

    >>> list(windows(30, first=8))
    [(0, 8), (8, 8), (16, 8), (24, 12)]
    """
    looked = 0
    while looked < longest:
        length = max(first, looked // 2)
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
    if rays_o.shape[0] == 0:
        return VisibleSamples(PackedIntervals.empty(0), None, 0, 0)
    n = rays_o.shape[0]
    while n > 0:
        found = _march([rays_o[:n], rays_d[:n], bits, blocks], data, spans, look, most)
        if found is not None:
            return _keep(*found, capacity)
        n //= 2
    raise ValueError(f"max_looked is {most}; the first ray alone has more samples")


def _march(
    rays: list[jt.Var],
    data: dict[str, float],
    spans: list[tuple[int, int]],
    look: LookFn,
    most: int,
) -> tuple[list[_Window], jt.Var] | None:
    """All windows of the rays, and how many samples each ray keeps, int32 [R]; None: they are more than ``most``."""
    n, total = rays[0].shape[0], 0
    next_point, trans = jt.zeros((n,), "float32"), jt.ones((n,), "float32")
    kept = jt.zeros((n,), "int32")
    parts: list[_Window] = []
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
        sigmas, features = look(starts.stop_grad(), ends.stop_grad(), ray_indices.stop_grad())
        if list(sigmas.shape) != [size] or (features is not None and features.shape[-2] != size):
            given = [list(v.shape) for v in (sigmas, features) if v is not None]
            raise ValueError(f"look gave {given} for {size} samples")
        shapes, dtypes = [(n,), (n,)], ["int32", "float32"]
        inputs = [starts, ends, sigmas, window, kept, trans]
        kept, trans = code_op("ray_visible", shapes, dtypes, inputs, _ADVANCE, data)
        # frees what the field computed on the way
        jt.sync([kept, trans] if features is None else [kept, trans, features])
        parts.append(_Window(starts, ends, window, looked, features))
    return parts, kept


def _keep(parts: list[_Window], kept: jt.Var, capacity: int) -> VisibleSamples:
    """The samples that stay, laid out ray after ray."""
    n, looked = kept.shape[0], sum(part.t_starts.shape[0] for part in parts)
    shapes, dtypes = [(n, 2), (2,)], ["int32", "int32"]
    packed, totals = code_op("ray_visible", shapes, dtypes, [kept], _PACK, {"capacity": capacity})
    size, wanted = (int(x) for x in totals.numpy())
    if size == 0:
        return VisibleSamples(PackedIntervals.empty(n, wanted), None, looked, n)
    out, features = _gather(parts, packed, size)
    return VisibleSamples(PackedIntervals(*out, packed.stop_grad(), wanted), features, looked, n)


def _gather(parts: list[_Window], packed: jt.Var, size: int) -> tuple[list[jt.Var], jt.Var | None]:
    """The kept samples of all windows, and their features if every window has them."""
    out = [jt.empty((size,), dtype) for dtype in ("float32", "float32", "int32")]
    features = None
    if all(part.features is not None for part in parts):
        shape = list(parts[0].features.shape)
        features = jt.empty([*shape[:-2], size, shape[-1]], "float32")
    for part in parts:
        rows, data = [part.packed, packed], {"looked": part.looked}
        inputs = [*rows, part.t_starts, part.t_ends]
        out = code_op("ray_visible", None, None, inputs, _GATHER, data, outputs=out)
        if features is None:
            continue
        grouped = features.ndim == 3
        data |= {
            "groups": features.shape[0] if grouped else 1,
            "n_in": part.features.shape[-2],
            "n_out": size,
            "width": features.shape[-1],
        }
        inputs = [*rows, part.features]
        (features,) = code_op(
            "ray_visible", None, None, inputs, _GATHER_FEATURES, data, outputs=[features]
        )
    return [v.stop_grad() for v in out], None if features is None else features.stop_grad()
