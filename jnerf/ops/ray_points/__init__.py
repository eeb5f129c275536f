"""Midpoints of packed sample intervals."""

from jnerf.ops.ray_points.op import ray_points

__all__ = ["ray_points"]
