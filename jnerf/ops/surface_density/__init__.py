"""Densities of signed distances along rays, and their sharpness."""

from jnerf.ops.surface_density.op import density_along, sharpness_of, surface_density

__all__ = ["density_along", "sharpness_of", "surface_density"]
