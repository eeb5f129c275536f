"""The occupancy grid: marking, asking the field, decaying, and the bitfield that marching reads."""

from jnerf.ops.occupancy.op import (
    MOST_LEVELS,
    Bitfield,
    build_bitfield,
    candidates,
    check_resolution,
    mark_unseen,
    update_grid,
)

__all__ = [
    "MOST_LEVELS",
    "Bitfield",
    "build_bitfield",
    "candidates",
    "check_resolution",
    "mark_unseen",
    "update_grid",
]
