"""The specification of ``plane_variation`` in NumPy, in any precision."""

from __future__ import annotations

import numpy as np

from jnerf.ops.plane_interp.layout import PlaneLayout


def plane_variation(table, layout: PlaneLayout) -> float:
    """Sum over the planes of twice the mean squared difference along each axis; see ``jnerf.ops.plane_variation``."""
    total = 0.0
    for scale, g in enumerate(layout.resolutions):
        for plane in range(3):
            first = layout.first_row(scale, plane)
            vertices = table[first : first + g * g].reshape(g, g, -1)
            for axis in (0, 1):
                total += 2 * (np.diff(vertices, axis=axis) ** 2).mean()
    return total
