"""Pieces of pixels' cones as Gaussians of the unit cube, seen along given directions."""

from jnerf.ops.project_gaussians.op import NORMS, project_gaussians

__all__ = ["NORMS", "project_gaussians"]
