"""Random step functions along rays, for the ops of proposals."""

import numpy as np


def histogram(counts, seed=0, dtype=np.float64, zeros=True):
    """Abutting intervals of [0, 1] with weights that sum to less than 1; of longer rays some edges are equal.

    Returns:
        starts, ends, weights [S] and packed_info [R, 2].
    """
    random = np.random.default_rng(seed)
    starts, ends, weights = [np.zeros(0)], [np.zeros(0)], [np.zeros(0)]
    for count in counts:
        if count == 0:
            continue
        edges = np.sort(random.random(count + 1))
        edges[0], edges[-1] = 0, 1
        if count > 4:
            edges[2] = edges[3]
        w = random.random(count) ** 4 * (edges[1:] > edges[:-1])
        if zeros and count > 6:
            w[1] = w[5] = 0
        starts.append(edges[:-1])
        ends.append(edges[1:])
        weights.append(w / (w.sum() + 0.1))
    counts = np.asarray(counts, int)
    packed = np.stack([np.cumsum(counts) - counts, counts], 1).astype(np.int32)
    return [*(np.concatenate(v).astype(dtype) for v in (starts, ends, weights)), packed]


def single(arrays):
    """Float64 arrays as float32."""
    return [a.astype(np.float32) if a.dtype == np.float64 else a for a in arrays]


def slope(function, x, h=1e-6):
    """Gradient of a scalar function of float64 [S] by central differences."""
    found = np.zeros_like(x)
    for i in range(len(x)):
        step = np.zeros_like(x)
        step[i] = h
        found[i] = (function(x + step) - function(x - step)) / (2 * h)
    return found
