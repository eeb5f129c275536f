"""Cameras around an object that nobody has photographed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.cameras import Cameras

#: How many, their pixels a side, their field of view and height above the horizon in degrees.
_COUNT, _PIXELS, _FOV, _HEIGHT = 8, 800, 40.0, 20.0
_ROOM = 1.02  # the ball of the object touches no edge of a picture


def cameras_around(middle: NDArray[np.float64], radius: float, up: int) -> Cameras:
    """A ring of cameras that see all of a ball.

    Args:
        middle: of the ball, [3].
        radius: of the ball.
        up: the axis that points up: 0, 1 or 2.
    """
    angles = 2 * np.pi * np.arange(_COUNT) / _COUNT
    height = np.radians(_HEIGHT)
    axes = np.roll(np.eye(3), up, axis=1)  # up, and the two that follow it
    ring = np.sin(angles)[:, None] * axes[2] + np.cos(angles)[:, None] * axes[1]
    back = np.cos(height) * ring + np.sin(height) * axes[0]
    right = np.cross(axes[0], back)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    away = _ROOM * radius / np.sin(np.radians(_FOV) / 2)
    poses = np.stack([right, np.cross(back, right), back, middle + away * back], axis=-1)
    focal = 0.5 * _PIXELS / np.tan(np.radians(_FOV) / 2)
    intrinsics = np.tile(np.float32([focal, focal, 0.5 * _PIXELS, 0.5 * _PIXELS]), (_COUNT, 1))
    names = tuple(f"around {i}" for i in range(_COUNT))
    return Cameras(poses, intrinsics, np.full((_COUNT, 2), _PIXELS, np.int32), names=names)
