"""Shared by every op: how a kernel becomes one of Jittor's, its gradients, and the kernels' random numbers in NumPy."""

from jnerf.ops.common.code import CODE_ROOT, code_op
from jnerf.ops.common.function import Function
from jnerf.ops.common.random import pcg_hash, uniform

__all__ = ["CODE_ROOT", "Function", "code_op", "pcg_hash", "uniform"]
