"""New intervals where earlier ones have weight: hierarchical sampling."""

from jnerf.ops.ray_resample.op import ray_resample

__all__ = ["ray_resample"]
