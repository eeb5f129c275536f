"""Trunk and head of Instant-NGP's network in one pass."""

from jnerf.ops.field_mlp.op import field_mlp

__all__ = ["field_mlp"]
