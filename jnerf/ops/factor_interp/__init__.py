"""Looks in low-rank grids: a plane times a line for each split of the axes, or a line of each axis."""

from jnerf.ops.factor_interp.op import cp_interp, vm_interp

__all__ = ["cp_interp", "vm_interp"]
