"""Poses put wrong on purpose, to see whether training finds the right ones again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jnerf.ops.move_rays.reference import move_poses

_KEY = 65  # of the generator; initial weights of networks have smaller ones


def disturbed(
    c2w: NDArray[np.floating], degrees: float, distance: float, seed: int
) -> NDArray[np.float64]:
    """Cameras, each turned about itself by an angle and shifted by a length, in random directions.

    Args:
        c2w: poses, [N, 3, 4].
        degrees: the angle.
        distance: the length, units of the poses.
        seed: of the directions.

    Returns:
        Poses, float64 [N, 3, 4].
    """
    random = np.random.Generator(np.random.Philox(key=[seed, _KEY]))
    directions = random.standard_normal((2, len(c2w), 3))
    shifts, axes = directions / np.linalg.norm(directions, axis=2, keepdims=True)
    twists = np.concatenate([distance * shifts, np.radians(degrees) * axes], axis=1)
    return move_poses(twists, np.asarray(c2w, np.float64))
