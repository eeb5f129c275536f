"""Rays through the centres of pixels."""

from jnerf.ops.camera_rays.op import camera_rays, view_rays

__all__ = ["camera_rays", "view_rays"]
