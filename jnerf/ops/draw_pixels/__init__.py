"""Random pixels of many images."""

from jnerf.ops.draw_pixels.op import draw_pixels

__all__ = ["draw_pixels"]
