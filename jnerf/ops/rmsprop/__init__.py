"""RMSprop over rows, in place, skipping rows without gradient."""

from jnerf.ops.rmsprop.op import rmsprop_rows

__all__ = ["rmsprop_rows"]
