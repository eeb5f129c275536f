"""Six points with a width in the piece of a pixel's cone that a sample stands for."""

from jnerf.ops.cone_points.op import cone_points

__all__ = ["cone_points"]
