"""Bilinear lookups in three axis-aligned planes of features, multiplied, added, averaged or side by side."""

from jnerf.ops.plane_interp.gradient import plane_interp_gradient
from jnerf.ops.plane_interp.layout import AXES, PlaneLayout
from jnerf.ops.plane_interp.op import plane_interp, plane_interp_known

__all__ = ["AXES", "PlaneLayout", "plane_interp", "plane_interp_gradient", "plane_interp_known"]
