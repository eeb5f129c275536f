"""A path for captures that face one way: a turn about their average pose, looking at one point (LLFF)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.datasets.cameras.spiral import spiral_poses
from jnerf.datasets.placement.normalize import average_pose, focus_point, recentre
from jnerf.engine.rendering.paths.camera_path import Flight
from jnerf.errors import DataError

# Least mean of the view directions, and cosine between that mean and any of them, of a capture that faces one way.
_ONE_WAY = 0.8


def spiral(
    c2w: ArrayLike, fov: float, n_frames: int, depth: float | None = None, middle: ArrayLike = ()
) -> Flight:
    """Cameras on one turn.

    Args:
        c2w: poses of the training cameras, OpenGL, world units, [N, 3, 4].
        fov: vertical, degrees.
        n_frames: cameras.
        depth: how far away what they look at lies, world units; None: where their axes come nearest to one another, and
            if they are parallel, as far as the middle.
        middle: of the scene, world units, [3].

    Raises:
        DataError: the cameras do not face one way, or nothing says how far away the scene is.
    """
    c2w = np.asarray(c2w, np.float64)
    mean = np.linalg.norm(c2w[:, :, 2].mean(axis=0))
    if mean < _ONE_WAY:
        raise DataError(
            f"a spiral needs cameras that face one way; the mean of these {len(c2w)} view directions has length "
            f"{mean:.2f}, and must have at least {_ONE_WAY}. Take --path orbit or --path interpolate"
        )
    if depth is None:
        depth = _focus_depth(c2w, np.asarray(middle, np.float64))
    shared = recentre(c2w)
    poses = spiral_poses(shared.poses(c2w), depth, n_frames)
    return Flight(shared.inverse().poses(poses), np.full(n_frames, fov))


def _focus_depth(c2w: NDArray[np.float64], middle: NDArray[np.float64]) -> float:
    """How far in front of the average pose lies what the cameras look at."""
    mean = average_pose(c2w)
    try:
        points = [focus_point(c2w)]
    except DataError:  # parallel axes
        points = []
    for point in [*points, *([middle] if middle.size == 3 else [])]:
        depth = float((mean[:, 3] - point) @ mean[:, 2])
        if depth > 0:
            return depth
    raise DataError(
        "a spiral looks at one point, and the training cameras, which do not look at any, do not say which. Take "
        "--path interpolate"
    )
