"""The specification of ``ray_visible`` in NumPy, given the samples of ``ray_march`` and all their densities."""

from __future__ import annotations

import numpy as np

from jnerf.ops.common.pack import pack_counts


def visible(
    t_starts, t_ends, packed_info, sigmas, early_stop=1e-4, max_samples=None
) -> tuple[np.ndarray, np.ndarray, int]:
    """Which samples of packed rays are kept; arguments as in ``ray_visible``, as arrays.

    Returns:
        Rows of the samples kept, int [K], packed_info of the kept ones [R, 2], and the samples wanted.
    """
    counts = []
    for first, count in packed_info:
        trans, kept = np.float32(1), 0
        while kept < count and trans >= np.float32(early_stop):
            i = first + kept
            trans *= np.exp(-sigmas[i] * (t_ends[i] - t_starts[i]))
            kept += 1
        counts.append(kept)
    packed, wanted = pack_counts(counts, max_samples)
    rows = [np.arange(i, i + n) for (i, _), (_, n) in zip(packed_info, packed, strict=True)]
    return np.concatenate([np.zeros(0, int), *rows]), packed, wanted
