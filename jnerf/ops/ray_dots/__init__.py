"""Dot products of what a sample says with vectors of its ray."""

from jnerf.ops.ray_dots.op import ray_dots

__all__ = ["ray_dots"]
