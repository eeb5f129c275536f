"""Marching of rays through an occupancy bitfield."""

from jnerf.ops.ray_march.op import ray_march
from jnerf.ops.ray_march.rule import MAX_STEP, MIN_STEP, MarchRule

__all__ = ["MAX_STEP", "MIN_STEP", "MarchRule", "ray_march"]
