"""The specification of the ops in NumPy."""

from __future__ import annotations

import numpy as np

from jnerf.ops.touched_rows.words import WORD


def mark_rows(table) -> np.ndarray:
    """Bits of the rows that are not zero; arguments as in ``jnerf.ops.touched_rows.mark_rows``."""
    table = np.asarray(table)
    words = np.zeros(-(-len(table) // WORD), np.uint32)
    for row in range(len(table)):
        if any(number != 0 for number in table[row]):
            words[row // WORD] |= np.uint32(1 << row % WORD)
    return words.view(np.int32)


def marked(words) -> np.ndarray:
    """The rows whose bits are set, ascending."""
    unsigned = np.asarray(words).view(np.uint32)
    return np.array(
        [WORD * w + b for w, word in enumerate(unsigned) for b in range(WORD) if word >> b & 1], int
    )
