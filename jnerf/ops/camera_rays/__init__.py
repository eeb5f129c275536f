"""Rays through the centres of pixels."""

from jnerf.ops.camera_rays.op import camera_rays

__all__ = ["camera_rays"]
