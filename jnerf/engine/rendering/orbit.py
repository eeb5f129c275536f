"""A camera path around a scene, from nothing but its box and its training cameras."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.cameras import Cameras

#: Degrees above the horizon; photographers also stand at eye level or overhead, an orbit there
#: shows little.
_ELEVATION = (10.0, 60.0)


def orbit(
    cameras: Cameras, aabb: NDArray[np.float32], n_frames: int, width: int, height: int
) -> Cameras:
    """Pinhole cameras on a circle around the middle of the box, at the training cameras' distance
    and height.

    Args:
        cameras: training cameras, in field units.
        aabb: the field's box, [6].
        n_frames: cameras on the circle.
        width: pixels.
        height: pixels; the vertical field of view is that of the training cameras.

    Returns:
        ``n_frames`` cameras in field units.
    """
    centre = (np.asarray(aabb[:3], np.float64) + aabb[3:]) / 2
    up = up_axis(cameras)
    offsets = cameras.c2w[:, :, 3].astype(np.float64) - centre
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
    c2w = np.stack([right, np.cross(back, right), back, centre + radius * back], axis=-1)
    focal = float(np.median(cameras.intrinsics[:, 1] / cameras.sizes[:, 1])) * height
    intrinsics = np.tile(np.float32([focal, focal, width / 2, height / 2]), (n_frames, 1))
    sizes = np.tile(np.int32([width, height]), (n_frames, 1))
    return Cameras(c2w, intrinsics, sizes)


def up_axis(cameras: Cameras) -> NDArray[np.float64]:
    """The direction that people held up: the mean of the cameras' own up vectors; z where they
    cancel out.

    Args:
        cameras: N cameras.

    Returns:
        Unit vector [3].
    """
    mean = cameras.c2w[:, :, 1].astype(np.float64).mean(axis=0)
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
