"""The occupancy grid: marking, asking the field, decaying, and the bitfield that marching reads."""

from jnerf.ops.occupancy.op import (
    Bitfield,
    build_bitfield,
    candidates,
    check_resolution,
    mark_unseen,
    update_grid,
)

__all__ = [
    "Bitfield",
    "build_bitfield",
    "candidates",
    "check_resolution",
    "mark_unseen",
    "update_grid",
]
