"""Mean and variance of the piece of a pixel's cone that a sample stands for."""

from jnerf.ops.frustum_gaussians.op import frustum_gaussians

__all__ = ["frustum_gaussians"]
