"""The specification of ``move_rays`` in NumPy: exponentials of matrices, as their power series."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def motion(twist: ArrayLike, mode: str) -> NDArray[np.float64]:
    """The motion [3, 4] of a twist (v, w): "se3" about the origin; "so3xr3" a turn about a point, which is shifted."""
    v, (x, y, z) = np.asarray(twist[:3], np.float64), np.asarray(twist[3:], np.float64)
    generator = np.zeros((4, 4))
    generator[:3, :3] = [[0, -z, y], [z, 0, -x], [-y, x, 0]]
    if mode == "se3":
        generator[:3, 3] = v
    result = term = np.eye(4)
    for k in range(1, 40):
        term = term @ generator / k
        result = result + term
    if mode == "so3xr3":
        result[:3, 3] = v
    return result[:3]


def move_rays(twists, rays_o, rays_d, images, mode="so3xr3", pivot=(0.0, 0.0, 0.0)):
    """Arguments as in ``jnerf.ops.move_rays``, as arrays; float64 [R, 3] origins and directions."""
    moved_o, moved_d = np.array(rays_o, np.float64), np.array(rays_d, np.float64)
    pivot = np.asarray(pivot, np.float64)
    for i, image in enumerate(images):
        found = motion(np.asarray(twists)[image], mode)
        moved_d[i] = found[:, :3] @ moved_d[i]
        if mode == "se3":
            moved_o[i] = pivot + found[:, :3] @ (moved_o[i] - pivot) + found[:, 3]
        else:
            moved_o[i] += found[:, 3]
    return moved_o, moved_d


def move_poses(twists, c2w, mode="so3xr3", pivot=(0.0, 0.0, 0.0)) -> NDArray[np.float64]:
    """The same for whole cameras: poses [N, 3, 4] whose rays are the moved ones, float64."""
    moved = np.array(c2w, np.float64)
    images = np.arange(len(moved))
    for k in range(3):  # the columns of the orientation turn as directions do
        moved[:, :, 3], turned = move_rays(twists, c2w[:, :, 3], c2w[:, :, k], images, mode, pivot)
        moved[:, :, k] = turned
    return moved
