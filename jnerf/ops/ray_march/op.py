"""Jittor op that marches rays through a multi-level occupancy bitfield.

Instant-NGP (Mueller et al. 2022, https://arxiv.org/abs/2201.05989), appendix E: steps of
clamp(t x cone_angle, MIN, MAX), empty space jumped over in whole steps, coarser levels farther out.
"""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.common.intervals import PackedIntervals, check_budget, read_totals
from jnerf.ops.ray_march.rule import MARCH, MarchRule, march_data

_COUNT = (
    MARCH
    + """
jnerf::ray_march_count(in0->num / 3, {march, out0_p, out1_p}, (int64_t)data["capacity"], out2_p);
"""
)
_WRITE = (
    MARCH
    + """
jnerf::ray_march_write(in0->num / 3, {march, in4_p, in5_p, out0_p, out1_p, out2_p});
"""
)


def ray_march(
    rays_o: jt.Var,
    rays_d: jt.Var,
    bits: jt.Var,
    blocks: jt.Var,
    rule: MarchRule,
    resolution: int,
    seed: int = 0,
    step: int | None = None,
    max_samples: int | None = None,
) -> PackedIntervals:
    """Intervals at the lattice points of each ray whose grid cell is occupied.

    Point 0 of a ray lies ``jitter x dt`` behind the entry into the box (or ``near``), jitter uniform in [0, 1) from
    (seed, step, ray); each next one lies dt = clamp(t x cone_angle, min_step, max_step) farther. A sample is the
    interval of length dt around a point, so that its midpoint, where the field is asked, is the point.

    Args:
        rays_o: origins, float32 [R, 3].
        rays_d: unit directions, float32 [R, 3].
        bits: occupancy bits, uint8 [levels * resolution^3 / 8] (``jnerf.ops.occupancy.build_bitfield``).
        blocks: how far empty space reaches around blocks of 8^3 cells, uint8 [levels * resolution^3 / 512].
        rule: box, range and step lengths.
        resolution: cells per side of the grid.
        seed: seed of the jitter.
        step: training step, part of the jitter's key; None: no jitter, the first interval starts at the entry.
        max_samples: the first ray that would exceed it and all rays after get no sample.

    Returns:
        The intervals. Nothing is differentiable: where samples lie is data.

    Raises:
        ValueError: ``max_samples`` is out of range, or ``bits`` does not fit ``resolution``.
    """
    n, capacity = rays_o.shape[0], check_budget(max_samples)
    data = march_data(bits, blocks, rule, resolution, seed, step) | {"capacity": capacity}
    if n == 0:
        return PackedIntervals.empty(0)
    rays = [rays_o, rays_d, bits, blocks]
    shapes, dtypes = [(n, 2), (n,), (2,)], ["int32", "float32", "int32"]
    packed, first, totals = code_op("ray_march", shapes, dtypes, rays, _COUNT, data)
    kept, wanted = read_totals(totals, max_samples)
    if kept == 0:
        return PackedIntervals.empty(n, wanted)
    shapes, dtypes = [(kept,)] * 3, ["float32", "float32", "int32"]
    out = code_op("ray_march", shapes, dtypes, [*rays, packed, first], _WRITE, data)
    t_starts, t_ends, ray_indices = (v.stop_grad() for v in out)
    return PackedIntervals(t_starts, t_ends, ray_indices, packed.stop_grad(), wanted)
