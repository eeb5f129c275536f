"""Rays of cameras that are corrected by small rigid motions."""

from jnerf.ops.move_rays.op import MODES, move_rays

__all__ = ["MODES", "move_rays"]
