"""The distance in front of which half of what a ray sees lies."""

from jnerf.ops.median_depth.op import median_depth

__all__ = ["median_depth"]
