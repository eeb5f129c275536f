"""An activation with its bias, scale and offset in one kernel."""

from jnerf.ops.activate.op import EXPONENTIAL, KINDS, LINEAR, Activation, activate

__all__ = ["EXPONENTIAL", "KINDS", "LINEAR", "Activation", "activate"]
