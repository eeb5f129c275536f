"""An activation with its bias, scale and offset in one kernel."""

from jnerf.ops.activate.op import KINDS, activate

__all__ = ["KINDS", "activate"]
