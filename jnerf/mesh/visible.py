"""Which parts of a surface the scene's views see.

Inside of solids no view has ever said what is there, so the density of a trained field crosses its level wherever it
likes: most faces of such a mesh may be walls of caves that nobody sees. A vertex counts as seen if its normal faces a
camera, it falls into the image, and no other vertex covers it there. What covers what is decided on a grid of squares
of the image that are so large that a surface leaves none of them empty.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.datasets.cameras.cameras import Cameras

#: Most views that are looked from, spread evenly over those of the scene.
MOST_VIEWS = 60
_CHUNK = 2**19  # vertices at once
_CELL = 1.6  # side of a square, in voxels at the distance of the nearest vertices
_DEEPER = 2.0  # voxels by which a vertex may lie behind the nearest one of its square
_FACING = 0.05  # cosine between normal and the way to the camera


def seen(
    points: NDArray[np.float32],
    normals: NDArray[np.float32],
    cameras: Cameras,
    voxel: float,
    progress: bool = True,
) -> NDArray[np.bool_]:
    """Which vertices of a surface some camera sees.

    Args:
        points: vertices about a voxel apart, field units, float32 [V, 3].
        normals: outward, field axes, float32 [V, 3].
        cameras: in field units.
        voxel: field units.
        progress: show a progress bar.

    Returns:
        bool [V].
    """
    found = np.zeros(len(points), bool)
    n = len(cameras)
    views = np.unique(np.linspace(0, n - 1, min(n, MOST_VIEWS)).round().astype(int))
    for i in tqdm(views, desc="visible", unit="view", leave=False, disable=not progress):
        eye = cameras.c2w[i, :, 3]
        where, depths = _looked_at(points, cameras, i, voxel)
        best = np.full(int(where.max(initial=-1)) + 1, np.inf, np.float32)
        inside = np.flatnonzero(where >= 0)
        np.minimum.at(best, where[inside], depths[inside])
        free = inside[depths[inside] <= best[where[inside]] + np.float32(_DEEPER * voxel)]
        free = free[~found[free]]
        facing = np.einsum("pk,pk->p", normals[free], eye - points[free])
        found[free[facing > _FACING * depths[free]]] = True
    return found


def _looked_at(
    points: NDArray[np.float32], cameras: Cameras, i: int, voxel: float
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The square of image ``i`` that each point falls into, -1 for none, int64 [P]; and its distance, [P]."""
    width, height = cameras.sizes[i].tolist()
    depths = np.linalg.norm(points - cameras.c2w[i, :, 3], axis=1)
    near = float(np.percentile(depths[:: max(1, len(depths) // 10_000)], 2))
    side = max(_CELL * voxel * float(cameras.intrinsics[i, :2].max()) / max(near, voxel), 0.5)
    across, where = int(width / side) + 1, np.full(len(points), -1, np.int64)
    for first in range(0, len(points), _CHUNK):
        part = cameras.project(points[first : first + _CHUNK], i)
        rows = np.flatnonzero(part.visible)
        columns = (part.xy[rows] / side).astype(np.int64)
        where[first + rows] = columns[:, 1] * across + columns[:, 0]
    return where, depths
