"""Fused Adam updates, in place."""

from jnerf.ops.adam.op import adam_dense, adam_sparse, bias_correction, bias_correction_table

__all__ = ["adam_dense", "adam_sparse", "bias_correction", "bias_correction_table"]
