"""Rays through the centres of pixels, and how wide these are."""

from jnerf.ops.camera_rays.op import camera_rays, pixel_radii

__all__ = ["camera_rays", "pixel_radii"]
