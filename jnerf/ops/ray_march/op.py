"""Jittor op that marches rays through a multi-level occupancy bitfield.

Instant-NGP (Mueller et al. 2022, https://arxiv.org/abs/2201.05989), appendix E: steps of
clamp(t x cone_angle, MIN, MAX), empty space jumped over in whole steps, coarser levels farther out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.common.intervals import PackedIntervals, check_budget, read_totals

MIN_STEP = 3**0.5 / 1024
MAX_STEP = 3**0.5 / 8


@dataclass(frozen=True)
class MarchRule:
    """Where and how finely rays are marched; lengths in field units.

    Attributes:
        aabb: (min xyz, max xyz) of the box that samples stay in.
        near: smallest distance of a sample.
        far: largest distance of a sample.
        cone_angle: step per distance; 0 makes all steps ``min_step``.
        min_step: smallest step.
        max_step: largest step.
        max_samples_per_ray: a ray ends after so many samples.
    """

    aabb: Sequence[float]
    near: float = 0.0
    far: float = 1e9
    cone_angle: float = 0.0
    min_step: float = MIN_STEP
    max_step: float = MAX_STEP
    max_samples_per_ray: int = 1024

    def numbers(self) -> dict[str, float]:
        """The rule as the kernel's numbers."""
        box = {f"box{i}": value for i, value in enumerate(self.aabb)}
        return {
            **box,
            "near": self.near,
            "far": self.far,
            "cone": self.cone_angle,
            "log_ratio": math.log2(1 + self.cone_angle),
            "min_step": self.min_step,
            "max_step": self.max_step,
            "max_steps": self.max_samples_per_ray,
        }


_MARCH = """
jnerf::RayMarch march{in0_p, in1_p, (const uint64_t*)in2_p, (const uint8_t*)in3_p,
    {{(float)data["box0"], (float)data["box1"], (float)data["box2"]},
     {(float)data["box3"], (float)data["box4"], (float)data["box5"]}},
    (float)data["near"], (float)data["far"],
    {(float)data["cone"], (float)data["log_ratio"], (float)data["min_step"], (float)data["max_step"]},
    (int)data["res"], (int)data["levels"], (int)data["max_steps"],
    (uint32_t)data["seed"], (uint32_t)data["step"], data["jitter"] != 0,
"""
_COUNT = (
    _MARCH
    + """out0_p, out1_p};
jnerf::ray_march_count(in0->num / 3, march, (int64_t)data["capacity"], out2_p);
"""
)
_WRITE = (
    _MARCH
    + """(int*)in4_p, (float*)in5_p};
jnerf::ray_march_write(in0->num / 3, march, out0_p, out1_p, out2_p);
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
    cells = resolution**3
    levels = bits.shape[0] * 8 // cells
    if levels < 1 or levels * cells != bits.shape[0] * 8 or blocks.shape[0] * 512 != levels * cells:
        raise ValueError(
            f"bits [{bits.shape[0]}] and blocks [{blocks.shape[0]}] are no grid of resolution {resolution}; "
            f"they need levels x {cells // 8} and levels x {cells // 512} bytes"
        )
    if n == 0:
        return PackedIntervals.empty(0)
    data = {
        **rule.numbers(),
        "res": resolution,
        "levels": levels,
        "seed": seed,
        "step": step or 0,
        "jitter": step is not None,
        "capacity": capacity,
    }
    rays = [rays_o, rays_d, bits, blocks]
    shapes, dtypes = [(n, 2), (n,), (2,)], ["int32", "float32", "int32"]
    packed, resume, totals = code_op("ray_march", shapes, dtypes, rays, _COUNT, data)
    kept, wanted = read_totals(totals, max_samples)
    if kept == 0:
        return PackedIntervals.empty(n, wanted)
    shapes, dtypes = [(kept,)] * 3, ["float32", "float32", "int32"]
    out = code_op("ray_march", shapes, dtypes, [*rays, packed, resume], _WRITE, data)
    t_starts, t_ends, ray_indices = (v.stop_grad() for v in out)
    return PackedIntervals(t_starts, t_ends, ray_indices, packed.stop_grad(), wanted)
