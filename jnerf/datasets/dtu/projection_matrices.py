"""Takes projection matrices apart: ``P = K [R | t]`` into intrinsics and a pose."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.errors import DataError

# What skew may move a pixel at the edge of an image, in pixels: lens models have none, files in float32 some.
_MOST_SKEW = 0.5


def decompose(
    projection: ArrayLike, size: tuple[int, int], name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Intrinsics and pose of a camera.

    Args:
        projection: world to pixels, homogeneous, of any scale and sign, [3, 4]; OpenCV's axes: x right, y down,
            looking along +z.
        size: width and height of the image, pixels.
        name: what errors call it.

    Returns:
        fx, fy, cx, cy in pixels, float64 [4], and the OpenGL camera-to-world pose, float64 [3, 4].

    Raises:
        DataError: the matrix is not finite, singular, or has so much skew that no lens model here describes it.
    """
    projection = np.asarray(projection, np.float64)
    if projection.shape != (3, 4) or not np.isfinite(projection).all():
        raise DataError(f"{name}: expected a finite 3x4 projection, got {projection.tolist()}")
    left = projection[:, :3]
    sizes = np.linalg.svd(left, compute_uv=False)
    if not sizes[2] > 1e-10 * sizes[0]:
        raise DataError(
            f"{name}: the projection is singular, of no camera: its left 3x3 part is {left.tolist()}. Make the file "
            "again"
        )
    # Now K[2, 2] is 1, and the determinant that of K times that of a rotation.
    projection = projection / (np.sign(np.linalg.det(left)) * np.linalg.norm(left[2]))
    calibration, rotation = _rq(projection[:, :3])
    # Half the image's height, as the plane's y, times the skew in pixels.
    moved = abs(calibration[0, 1]) * 0.5 * size[1] / calibration[1, 1]
    if moved > _MOST_SKEW:
        raise DataError(
            f"{name}: the projection has a skew of {calibration[0, 1]:.4g} pixels, for which there is no lens model: "
            "rectify the images, or calibrate without skew"
        )
    position = -np.linalg.solve(projection[:, :3], projection[:, 3])
    intrinsics = calibration[[0, 1, 0, 1], [0, 1, 2, 2]]
    opengl = rotation.T * [1, -1, -1]  # y up, looking along -z
    return intrinsics, np.concatenate([opengl, position[:, None]], axis=1)


def _rq(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Upper triangular with a positive diagonal, K[2, 2] = 1, times a rotation, for a positive determinant."""
    # QR of the rows in reverse order is RQ, with rows and columns in reverse order again.
    q, r = np.linalg.qr(matrix[::-1].T)
    upper, rotation = r.T[::-1, ::-1], q.T[::-1]
    signs = np.sign(np.diag(upper))
    upper, rotation = upper * signs, rotation * signs[:, None]
    return upper / upper[2, 2], rotation
