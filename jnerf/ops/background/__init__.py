"""What lies behind the rays of a batch."""

from jnerf.ops.background.op import background

__all__ = ["background"]
