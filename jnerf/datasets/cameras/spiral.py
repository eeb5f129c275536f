"""A flight for captures that face one way: one turn of an ellipse about the average pose, looking at one point."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_REACH = 0.6  # of the training cameras' 90th percentile: views well between them


def spiral_poses(c2w: ArrayLike, depth: float, n_frames: int) -> NDArray[np.float64]:
    """Poses of the flight, float64 [n_frames, 3, 4].

    Args:
        c2w: training cameras in a frame that has their average pose at its origin, looking along -z, [N, 3, 4].
        depth: of the point that all frames look at, units of that frame.
        n_frames: poses.
    """
    radii = _REACH * np.quantile(np.abs(np.asarray(c2w, np.float64)[:, :, 3]), 0.9, axis=0)
    angle = 2 * np.pi * np.arange(n_frames) / n_frames
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle)], axis=1)
    return np.stack([_look_at(eye, np.array([0.0, 0.0, -depth])) for eye in turn * radii])


def _look_at(eye: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The pose at ``eye`` that looks at ``target``, with +y up, [3, 4]."""
    back = eye - target
    back /= np.linalg.norm(back)
    right = np.cross((0.0, 1.0, 0.0), back)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(back, right), back, eye], axis=1)
