"""Stratified samples between the points where rays enter and leave a box."""

from jnerf.ops.ray_uniform.op import ray_uniform

__all__ = ["ray_uniform"]
