"""What the field weighs and a proposal does not cover: the losses that train proposals."""

from jnerf.ops.interlevel.op import interlevel, interlevel_blurred

__all__ = ["interlevel", "interlevel_blurred"]
