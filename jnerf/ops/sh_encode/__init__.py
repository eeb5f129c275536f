"""Real spherical harmonics of unit directions."""

from jnerf.ops.sh_encode.op import MAX_DEGREE, sh_encode

__all__ = ["MAX_DEGREE", "sh_encode"]
