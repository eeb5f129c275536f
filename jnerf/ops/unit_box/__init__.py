"""Positions in a box as coordinates of the unit cube."""

from jnerf.ops.unit_box.op import unit_box

__all__ = ["unit_box"]
