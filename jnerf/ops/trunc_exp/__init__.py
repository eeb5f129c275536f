"""exp with a bounded gradient."""

from jnerf.ops.trunc_exp.op import trunc_exp

__all__ = ["trunc_exp"]
