"""Which rows of a table are not zero, and these alone."""

from jnerf.ops.touched_rows.op import mark_rows, pack_rows, unpack_rows
from jnerf.ops.touched_rows.words import WORD, word_firsts

__all__ = ["WORD", "mark_rows", "pack_rows", "unpack_rows", "word_firsts"]
