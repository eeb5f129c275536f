"""Frequency encoding of Gaussians instead of points."""

from jnerf.ops.integrated_encode.op import integrated_encode

__all__ = ["integrated_encode"]
