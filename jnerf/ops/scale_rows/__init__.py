"""Rows times a number each."""

from jnerf.ops.scale_rows.op import scale_rows

__all__ = ["scale_rows"]
