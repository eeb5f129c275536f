"""Pieces of pixels' cones as Gaussians of the unit cube, seen along given directions."""

from jnerf.ops.project_gaussians.op import project_gaussians

__all__ = ["project_gaussians"]
