"""Whether positions lie in marked cells of a grid of bits."""

from jnerf.ops.cell_mask.op import cell_mask

__all__ = ["cell_mask"]
