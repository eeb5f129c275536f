"""The visual hull: cells of an occupancy grid that silhouettes prove empty."""

from jnerf.ops.visual_hull.op import Silhouettes, carve, silhouettes

__all__ = ["Silhouettes", "carve", "silhouettes"]
