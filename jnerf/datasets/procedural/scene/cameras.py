"""Where the embedded scene is seen from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def hemisphere_poses(
    count: int,
    radius: float,
    heights: tuple[float, float],
    phase: float,
    target: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> NDArray[np.float64]:
    """Poses spread evenly over a band of a sphere (a golden-angle spiral), looking at its centre, z up.

    Args:
        count: N.
        radius: of the sphere.
        heights: lowest and highest z of the unit sphere's band, within (-1, 1).
        phase: turns the spiral, in turns; other views come from another phase.
        target: the sphere's centre.

    Returns:
        OpenGL camera-to-world, float64 [N, 3, 4].
    """
    fraction = (np.arange(count) + 0.5) / count
    z = heights[0] + (heights[1] - heights[0]) * fraction
    angle = np.pi * (3 - np.sqrt(5)) * np.arange(count) + 2 * np.pi * phase
    flat = np.sqrt(1 - z**2)
    backward = np.stack([flat * np.cos(angle), flat * np.sin(angle), z], axis=1)
    right = np.cross((0.0, 0.0, 1.0), backward)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    up = np.cross(backward, right)
    return np.stack([right, up, backward, radius * backward + np.asarray(target)], axis=2)
