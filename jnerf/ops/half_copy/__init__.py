"""Copies of parameters in 16 bits, for kernels that read more than they compute."""

from jnerf.ops.half_copy.copies import HalfCopy, current
from jnerf.ops.half_copy.op import STORED, check_copy, check_precision, round_half

__all__ = ["STORED", "HalfCopy", "check_copy", "check_precision", "current", "round_half"]
