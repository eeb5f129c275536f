"""The sum of whole arrays, each with a weight: means, and terms of a loss."""

from jnerf.ops.weighted_sum.op import clip_factor, weighted_sum

__all__ = ["clip_factor", "weighted_sum"]
