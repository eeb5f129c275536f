"""Columns of arrays: side by side in one, and apart again."""

from jnerf.ops.columns.op import join_columns, split_columns

__all__ = ["join_columns", "split_columns"]
