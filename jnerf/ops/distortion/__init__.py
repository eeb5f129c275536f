"""How far the weights of a ray lie apart: the distortion of mip-NeRF 360."""

from jnerf.ops.distortion.op import distortion

__all__ = ["distortion"]
