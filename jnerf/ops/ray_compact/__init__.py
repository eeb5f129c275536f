"""Early ray termination: drops the samples that nothing shines through to."""

from jnerf.ops.ray_compact.op import ray_compact

__all__ = ["ray_compact"]
