"""Jittor op that draws intervals from step functions along rays."""

from __future__ import annotations

from typing import NamedTuple

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.common.constants import nothing
from jnerf.ops.common.intervals import PackedIntervals
from jnerf.ops.step_resample.spacings import Spacing

_SOURCE = """
const bool known = data["known"] != 0;
const jnerf::Spacing spacing{(int)data["code"], (float)data["near"], (float)data["far"], (float)data["a"],
    (float)data["b"], (float)data["unit"]};
jnerf::step_resample((int64_t)data["n_rays"], jnerf::StepResample{
    known ? in0_p : nullptr, known ? in1_p : nullptr, known ? in2_p : nullptr, (int)data["n_old"], (int)data["n"],
    data["centres"] != 0, (float)data["anneal"], (float)data["padding"], (float)data["floor"],
    data["single_jitter"] != 0, data["jitter"] != 0, (uint32_t)data["seed"], (uint32_t)data["step"], spacing,
    out0_p, out1_p, out2_p, out3_p, out4_p, out5_p, out6_p});
"""


class Steps(NamedTuple):
    """A step function on each of R rays, of n intervals: each float32 [R n]."""

    starts: jt.Var
    ends: jt.Var
    weights: jt.Var


def step_resample(
    n_rays: int,
    n: int,
    spacing: Spacing,
    near: float,
    far: float,
    earlier: Steps | None = None,
    unit: float = 1.0,
    centres: bool = False,
    anneal: float = 1.0,
    padding: float = 0.0,
    floor: float = 0.0,
    single_jitter: bool = True,
    seed: int = 0,
    step: int | None = None,
) -> PackedIntervals:
    """Places n intervals on every ray where a step function of the normalised distance s has weight.

    Args:
        n_rays: R.
        n: intervals per ray.
        spacing: how s becomes a distance.
        near: the distance of s = 0.
        far: the distance of s = 1.
        earlier: intervals of [0, 1] that are sorted on each ray and abut, and their weights, at least 0; None: even
            intervals.
        unit: what ``spacing`` calls 1, in units of near and far.
        centres: the points that are drawn are centres, between which edges lie half way (mip-NeRF 360, Barron et al.
            2022); False: they are the n + 1 edges themselves (nerfacto).
        anneal: power of the weights: 0 draws from all intervals alike, 1 by their weights.
        padding: added to each weight before the power.
        floor: added to it afterwards, so that no interval is out of reach.
        single_jitter: one random number moves all points of a ray alike; False: each has its own.
        seed: seed of the jitter.
        step: training step, part of the jitter's key; None: the middle of each stratum.

    Returns:
        The intervals, with ``s_starts`` and ``s_ends``; nothing is differentiable.

    Raises:
        ValueError: a number is out of its range, or rays have different numbers of earlier intervals.
    """
    _check(n_rays, n, spacing, near, far, earlier, unit, anneal, padding, floor)
    if n_rays == 0:
        return PackedIntervals.empty(0, normalised=True)
    n_old = 0 if earlier is None else earlier.starts.shape[0] // n_rays
    a, b = spacing.numbers
    data = {"n_rays": n_rays, "n": n, "n_old": n_old, "known": earlier is not None}
    data |= {"code": spacing.code, "a": a, "b": b, "unit": unit}
    data |= {"near": float(spacing.bend(near / unit)), "far": float(spacing.bend(far / unit))}
    data |= {"centres": centres, "anneal": anneal, "padding": padding, "floor": floor}
    data |= {"single_jitter": single_jitter, "jitter": step is not None}
    data |= {"seed": seed, "step": step or 0}
    inputs = [nothing()] * 3 if earlier is None else list(earlier)
    size = (n_rays * n,)
    shapes = [size] * 5 + [(n_rays, 2), (max(n_rays * n_old, 1),)]
    dtypes = ["float32"] * 4 + ["int32", "int32", "float32"]
    *found, _ = code_op("step_resample", shapes, dtypes, inputs, _SOURCE, data)
    s_starts, s_ends, t_starts, t_ends, ray_indices, packed = (v.stop_grad() for v in found)
    where = t_starts, t_ends, ray_indices, packed, size[0]
    return PackedIntervals(*where, s_starts=s_starts, s_ends=s_ends)


def _check(n_rays, n, spacing, near, far, earlier, unit, anneal, padding, floor) -> None:
    for name, value, least in (
        ("n", n, 1),
        ("near", near, 0),
        ("anneal", anneal, 0),
        ("padding", padding, 0),
        ("floor", floor, 0),
    ):
        if not value >= least:
            raise ValueError(f"step_resample: {name} is {value}; it must be at least {least}")
    if not (near < far and unit > 0) or (near == 0 and not spacing.from_zero):
        above = "" if spacing.from_zero else " above 0"
        raise ValueError(
            f"step_resample: near is {near}, far {far} and unit {unit}; give near{above} < far and a unit above 0"
        )
    if earlier is not None and n_rays:
        sizes = {v.shape[0] for v in earlier}
        if len(sizes) > 1 or max(sizes) % n_rays or not max(sizes):
            raise ValueError(
                f"step_resample: {sorted(sizes)} earlier starts, ends and weights for {n_rays} rays; give all as many"
            )
