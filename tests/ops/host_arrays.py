"""Arrays for kernels that are run on the host."""

import numpy as np


def empty(*shapes, dtype=np.float32):
    """Arrays that show what was not written."""
    fill = np.nan if dtype == np.float32 else -(2**31)
    return [np.full(shape, fill, dtype) for shape in shapes]


def packed_rays(counts):
    counts = np.asarray(counts)
    packed = np.stack([np.cumsum(counts) - counts, counts], 1).astype(np.int32)
    return packed, np.repeat(np.arange(len(counts)), counts).astype(np.int32)
