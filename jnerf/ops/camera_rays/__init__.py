"""Rays through the centres of pixels, and how wide these are."""

from jnerf.ops.camera_rays.op import camera_rays, pixel_radii, view_rays

__all__ = ["camera_rays", "pixel_radii", "view_rays"]
