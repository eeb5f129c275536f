"""Marching that ends where nothing shines through any more."""

from jnerf.ops.ray_visible.op import VisibleSamples, ray_visible

__all__ = ["VisibleSamples", "ray_visible"]
