"""The part of a ray inside a box, in NumPy: the specification of ``box.h``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def ray_box(
    o: np.ndarray, d: np.ndarray, aabb: Sequence[float], near: float, far: float
) -> tuple[np.float32, np.float32] | None:
    """Where the ray ``o + t d`` is inside the box and within [near, far].

    Args:
        o: origin, float32 [3].
        d: direction, float32 [3]; a component of 0 is wholly inside or outside that slab.
        aabb: (min xyz, max xyz).
        near: smallest distance.
        far: largest distance.

    Returns:
        (t_in, t_out), or None when nothing is left.

    >>> box = ray_box(np.float32([-1, 0.5, 0.5]), np.float32([1, 0, 0]), [0, 0, 0, 1, 1, 1], 0, 9)
    >>> float(box[0]), float(box[1])
    (1.0, 2.0)
    """
    low, high = np.asarray(aabb[:3], np.float32), np.asarray(aabb[3:], np.float32)
    t_in, t_out = np.float32(near), np.float32(far)
    for k in range(3):
        if d[k] == 0:
            if o[k] < low[k] or o[k] > high[k]:
                return None
            continue
        a, b = (low[k] - o[k]) / d[k], (high[k] - o[k]) / d[k]
        t_in, t_out = max(t_in, min(a, b)), min(t_out, max(a, b))
    return (t_in, t_out) if t_in < t_out else None
