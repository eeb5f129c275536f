"""Mean square of the features of each level of a hash grid."""

from jnerf.ops.level_squares.op import level_sizes, level_squares

__all__ = ["level_sizes", "level_squares"]
