"""Fused Adam updates, in place."""

from jnerf.ops.adam.op import (
    AdamNumbers,
    adam_dense,
    adam_sparse,
    bias_correction,
    bias_correction_table,
)

__all__ = ["AdamNumbers", "adam_dense", "adam_sparse", "bias_correction", "bias_correction_table"]
