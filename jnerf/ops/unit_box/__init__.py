"""Positions in a box as coordinates of the unit cube."""

from jnerf.ops.unit_box.op import held_box, unit_box

__all__ = ["held_box", "unit_box"]
