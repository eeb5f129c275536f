"""From samples per ray to (first, count) per ray, in NumPy: the specification of ``jnerf_pack.h``."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pack_counts(counts: ArrayLike, max_samples: int | None = None) -> tuple[NDArray[np.int32], int]:
    """Lays rays out one after the other; the first that exceeds the budget and all after it get count 0.

    Args:
        counts: samples of each ray, int [R].
        max_samples: the budget.

    Returns:
        packed_info, int32 [R, 2], and the samples there would be without a budget.

    >>> pack_counts([2, 3, 1], max_samples=4)[0].tolist()
    [[0, 2], [2, 0], [2, 0]]
    """
    packed, first, dropped = [], 0, False
    for count in counts:
        dropped = dropped or (max_samples is not None and first + count > max_samples)
        packed.append((first, 0 if dropped else count))
        first += 0 if dropped else count
    return np.array(packed, np.int32).reshape(-1, 2), int(np.sum(counts))
