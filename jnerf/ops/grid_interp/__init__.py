"""Multilinear lookup in one dense grid."""

from jnerf.ops.grid_interp.op import grid_interp

__all__ = ["grid_interp"]
