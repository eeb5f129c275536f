"""Rows as bits of words: bit b of word w is row 32 w + b."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Rows of a word.
WORD = 32


def _ones(words: NDArray[np.int32]) -> NDArray[np.uint32]:
    """How many bits of each word are set (Warren, Hacker's Delight, figure 5-2)."""
    x = np.ascontiguousarray(words).view(np.uint32)
    x = x - ((x >> 1) & 0x55555555)
    x = (x & 0x33333333) + ((x >> 2) & 0x33333333)
    x = (x + (x >> 4)) & 0x0F0F0F0F
    x = x + (x >> 8)
    return (x + (x >> 16)) & 0x3F


def word_firsts(words: NDArray[np.int32]) -> tuple[NDArray[np.int32], int]:
    """Where the rows of each word begin among all rows whose bits are set, int32 [W]; and how many these are.

    Args:
        words: int32 [W].

    >>> firsts, n = word_firsts(np.array([5, 0, -1], np.int32))
    >>> firsts.tolist(), n
    ([0, 2, 2], 34)
    """
    counts = _ones(words)
    ends = np.cumsum(counts, dtype=np.int64)
    return (ends - counts).astype(np.int32), int(ends[-1]) if len(ends) else 0
