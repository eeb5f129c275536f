"""Where and how finely rays are marched, and how kernels are told of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import jittor as jt

MIN_STEP = 3**0.5 / 1024
MAX_STEP = 3**0.5 / 8

#: C++ that builds the kernels' ``march`` from inputs 0 to 3 (origins, directions, bits, blocks) and ``march_data``.
MARCH = """
jnerf::RayMarch march{in0_p, in1_p, (const uint64_t*)in2_p, (const uint8_t*)in3_p,
    {{(float)data["box0"], (float)data["box1"], (float)data["box2"]},
     {(float)data["box3"], (float)data["box4"], (float)data["box5"]}},
    (float)data["near"], (float)data["far"],
    {(float)data["cone"], (float)data["log_ratio"], (float)data["min_step"], (float)data["max_step"]},
    (int)data["res"], (int)data["levels"], (int)data["max_steps"],
    (uint32_t)data["seed"], (uint32_t)data["step"], data["jitter"] != 0};
"""


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


def march_data(
    bits: jt.Var, blocks: jt.Var, rule: MarchRule, resolution: int, seed: int, step: int | None
) -> dict[str, float]:
    """The numbers that ``MARCH`` reads.

    Raises:
        ValueError: ``bits`` or ``blocks`` do not fit ``resolution``.
    """
    cells = resolution**3
    levels = bits.shape[0] * 8 // cells
    if levels < 1 or levels * cells != bits.shape[0] * 8 or blocks.shape[0] * 512 != levels * cells:
        raise ValueError(
            f"bits [{bits.shape[0]}] and blocks [{blocks.shape[0]}] are no grid of resolution {resolution}; "
            f"they need levels x {cells // 8} and levels x {cells // 512} bytes"
        )
    return {
        **rule.numbers(),
        "res": resolution,
        "levels": levels,
        "seed": seed,
        "step": step or 0,
        "jitter": step is not None,
    }
