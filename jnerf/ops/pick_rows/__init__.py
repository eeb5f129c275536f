"""Rows of arrays by their numbers, and sums of rows by the numbers that they have."""

from jnerf.ops.pick_rows.op import add_rows, pick_rows

__all__ = ["add_rows", "pick_rows"]
