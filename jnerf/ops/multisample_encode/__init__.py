"""Several points with a width, looked up in a multiresolution hash grid and averaged."""

from jnerf.ops.multisample_encode.op import multisample_encode

__all__ = ["multisample_encode"]
