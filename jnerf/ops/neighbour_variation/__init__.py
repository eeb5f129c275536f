"""Random points with a neighbour along each axis, and how far apart features are there."""

from jnerf.ops.neighbour_variation.op import neighbour_points, neighbour_variation

__all__ = ["neighbour_points", "neighbour_variation"]
