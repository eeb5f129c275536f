"""A camera path around a scene, from nothing but its middle and its training cameras."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.engine.rendering.paths.camera_path import Flight

#: Degrees above the horizon; photographers also stand at eye level or overhead, an orbit there
#: shows little.
_ELEVATION = (10.0, 60.0)


def orbit(c2w: ArrayLike, centre: ArrayLike, fov: float, n_frames: int) -> Flight:
    """Cameras on a circle around a point, at the training cameras' distance and height.

    Args:
        c2w: poses of the training cameras, OpenGL, world units, [N, 3, 4].
        centre: what the circle goes around, world units, [3].
        fov: vertical, degrees.
        n_frames: cameras on the circle.
    """
    c2w, centre = np.asarray(c2w, np.float64), np.asarray(centre, np.float64)
    up = up_axis(c2w)
    offsets = c2w[:, :, 3] - centre
    distances = np.linalg.norm(offsets, axis=1)
    radius = float(np.median(distances))
    sines = (offsets @ up) / np.maximum(distances, 1e-9)
    elevation = np.radians(
        np.clip(np.degrees(np.arcsin(np.clip(sines, -1, 1))).mean(), *_ELEVATION)
    )
    forward = _horizontal(offsets[0], up)
    side = np.cross(up, forward)
    angles = 2 * np.pi * np.arange(n_frames) / n_frames
    ring = np.cos(angles)[:, None] * forward + np.sin(angles)[:, None] * side
    back = np.cos(elevation) * ring + np.sin(elevation) * up  # from the centre to the camera
    right = np.cross(up, back)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    # OpenGL: columns are right, up, backwards, position.
    poses = np.stack([right, np.cross(back, right), back, centre + radius * back], axis=-1)
    return Flight(poses, np.full(n_frames, fov))


def up_axis(c2w: ArrayLike) -> NDArray[np.float64]:
    """The direction that people held up: the mean of the cameras' own up vectors; z where they
    cancel out.

    Args:
        c2w: poses, OpenGL, [N, 3, 4].

    Returns:
        Unit vector [3].
    """
    mean = np.asarray(c2w, np.float64)[:, :, 1].mean(axis=0)
    length = np.linalg.norm(mean)
    return mean / length if length > 1e-3 else np.array([0.0, 0.0, 1.0])


def _horizontal(vector: NDArray[np.float64], up: NDArray[np.float64]) -> NDArray[np.float64]:
    """``vector`` without its part along ``up``, unit length; any horizontal direction when none is left."""
    for candidate in (vector, np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])):
        flat = candidate - up * (candidate @ up)
        length = np.linalg.norm(flat)
        if length > 1e-3 * max(np.linalg.norm(candidate), 1e-9):
            return flat / length
    raise AssertionError("unreachable: x and y cannot both be parallel to up")
