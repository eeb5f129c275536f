"""The specification of ``composite`` in NumPy: plain loops, any precision."""

from __future__ import annotations

import numpy as np


def composite(
    sigmas,
    rgbs,
    t_starts,
    t_ends,
    packed_info,
    background=None,
    early_stop=1e-4,
    opaque=False,
    last_color=False,
) -> tuple:
    """(colors, opacities, depths, weights, trans); arguments as in ``jnerf.ops.composite``."""
    n_rays, dtype = len(packed_info), sigmas.dtype
    colors, opacities, depths = (np.zeros((n_rays, c), dtype) for c in (3, 1, 1))
    weights, trans = np.zeros_like(sigmas), np.ones_like(sigmas)
    for ray, (first, count) in enumerate(packed_info):
        t = dtype.type(1)
        for i in range(first, first + count):
            trans[i] = t
            if t < early_stop:
                continue
            alpha = 1 - np.exp(-sigmas[i] * (t_ends[i] - t_starts[i]))
            alpha = dtype.type(1) if opaque and i + 1 == first + count else alpha
            weights[i] = t * alpha
            colors[ray] += weights[i] * rgbs[i]
            opacities[ray] += weights[i]
            depths[ray] += weights[i] * (t_starts[i] + t_ends[i]) / 2
            t = t * (1 - alpha)
        if last_color:
            behind = rgbs[first + count - 1] if count else np.zeros(3, dtype)
        else:
            behind = background[ray] if background is not None else np.zeros(3, dtype)
        if not t < early_stop:
            colors[ray] += t * behind
    return colors, opacities, depths, weights, trans
