"""Shared by every op: how a kernel becomes a Jittor op, and the NumPy twin of the kernels' random numbers."""

from jnerf.ops.common.code import CODE_ROOT, code_op
from jnerf.ops.common.random import pcg_hash, uniform

__all__ = ["CODE_ROOT", "code_op", "pcg_hash", "uniform"]
