"""Losses of numbers and true ones, as they are or relative to their size."""

from jnerf.ops.relative_error.op import relative_error

__all__ = ["relative_error"]
