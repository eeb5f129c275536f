"""Training rays of random pixels, with the colours there."""

from jnerf.ops.pixel_rays.op import PixelRays, pixel_rays

__all__ = ["PixelRays", "pixel_rays"]
