"""Marching of rays through an occupancy bitfield."""

from jnerf.ops.ray_march.op import MAX_STEP, MIN_STEP, MarchRule, ray_march

__all__ = ["MAX_STEP", "MIN_STEP", "MarchRule", "ray_march"]
