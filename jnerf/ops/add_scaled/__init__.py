"""Rows times a factor for each column, with others added."""

from jnerf.ops.add_scaled.op import add_scaled

__all__ = ["add_scaled"]
