"""A flight for captures that face one way: one turn of an ellipse about the average pose, looking at one point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.ndc import NDCCameras

_REACH = 0.6  # of the training cameras' 90th percentile: views well between them


def spiral(cameras: NDCCameras, depth: float, n_frames: int, width: int, height: int) -> NDCCameras:
    """Cameras on the flight.

    Args:
        cameras: training cameras; their shared frame has the average pose at the origin, looking along -z.
        depth: of the point that all frames look at, units of the shared frame.
        n_frames: cameras.
        width: pixels.
        height: pixels; the vertical field of view is that of the training cameras.

    Returns:
        ``n_frames`` cameras of the same field.
    """
    radii = _REACH * np.quantile(np.abs(cameras.c2w[:, :, 3].astype(np.float64)), 0.9, axis=0)
    angle = 2 * np.pi * np.arange(n_frames) / n_frames
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle)], axis=1)
    c2w = np.stack([_look_at(eye, np.array([0.0, 0.0, -depth])) for eye in turn * radii])
    focal = float(np.median(cameras.intrinsics[:, 1] / cameras.sizes[:, 1])) * height
    intrinsics = np.tile([focal, focal, width / 2, height / 2], (n_frames, 1))
    sizes = np.tile([width, height], (n_frames, 1))
    return NDCCameras(c2w, intrinsics, sizes, space=cameras.space)


def _look_at(eye: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The pose at ``eye`` that looks at ``target``, with +y up, [3, 4]."""
    back = eye - target
    back /= np.linalg.norm(back)
    right = np.cross((0.0, 1.0, 0.0), back)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(back, right), back, eye], axis=1)
