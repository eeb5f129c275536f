"""The first rows of several arrays at once."""

from jnerf.ops.leading_rows.op import leading_rows

__all__ = ["leading_rows"]
