"""What cameras see between two depths: its corners, and how far along rays it lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.datasets.cameras.cameras import Cameras


def corner_rays(cameras: Cameras) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Rays through the four corners of each image: origins and unit directions, float32 [N, 4, 3] each."""
    n = len(cameras)
    # The centres of pixels that would lie half a pixel further out: the image's very corners.
    x, y = (np.stack([np.full(n, -0.5), side - 0.5]) for side in cameras.sizes.T)
    columns = np.stack([x[0], x[1], x[0], x[1]], axis=1)
    rows = np.stack([y[0], y[0], y[1], y[1]], axis=1)
    found = cameras.generate_rays(np.repeat(np.arange(n), 4), columns.ravel(), rows.ravel())
    return tuple(part.reshape(n, 4, 3) for part in found)


def frustum_corners(cameras: Cameras, depths: ArrayLike) -> NDArray[np.float64]:
    """The corners of what pinhole cameras see between two depths.

    Args:
        cameras: N pinhole cameras.
        depths: nearest and farthest depth along each view axis, in units of ``c2w``, [N, 2].

    Returns:
        float64 [8 N, 3].
    """
    rays_o, rays_d = (part.astype(np.float64) for part in corner_rays(cameras))
    reach = np.asarray(depths)[:, None, :, None] / _cosines(cameras, rays_d)[:, :, None, None]
    return (rays_o[:, :, None] + reach * rays_d[:, :, None]).reshape(-1, 3)


def farthest(cameras: Cameras, depths: ArrayLike) -> float:
    """The greatest length of a ray from a pinhole camera to the plane at its depth [N]."""
    _, rays_d = corner_rays(cameras)
    return float((np.asarray(depths)[:, None] / _cosines(cameras, rays_d)).max())


def _cosines(cameras: Cameras, rays_d: NDArray) -> NDArray:
    """Between view axes and rays, [N, 4]."""
    return -np.einsum("nki,ni->nk", rays_d, cameras.c2w[:, :, 2])
