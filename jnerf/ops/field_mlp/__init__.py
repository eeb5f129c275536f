"""Density MLP and colour MLP of a field in one pass."""

from jnerf.ops.field_mlp.op import field_mlp, from_geometry

__all__ = ["field_mlp", "from_geometry"]
