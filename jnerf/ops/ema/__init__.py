"""Exponential moving average, in place."""

from jnerf.ops.ema.op import ema_update

__all__ = ["ema_update"]
