"""Camera poses as files give them: checked to be rigid motions, or mended where it is plain which one is meant."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.errors import DataError

_ROTATION_TOLERANCE = 1e-3
# What an entry may differ from the nearest rotation's, the scale apart: numbers rounded to one decimal are off by 0.05.
_MOST_OFF = 0.06
_SINGULAR = 1e-3  # smallest over largest singular value
_FARTHEST = 1e15  # of a position: squares of distances stay far within float32


def check_poses(c2w: ArrayLike, names: Sequence[str]) -> NDArray[np.float64]:
    """Poses as float64 [N, 3, 4], if every one is a rigid motion.

    Args:
        c2w: [N, 3, 4].
        names: what to call each pose, N strings.

    Raises:
        DataError: names the first pose that is not finite, or whose 3x3 part is no rotation, and says why.
    """
    c2w = _finite(c2w, names)
    for name, pose in zip(names, c2w, strict=True):
        rotation = pose[:, :3]
        lengths = np.linalg.norm(rotation, axis=0)
        deviation = np.abs(rotation.T @ rotation - np.eye(3)).max()
        determinant = np.linalg.det(rotation)
        if abs(determinant) < 1e-6:
            fault = f"its 3x3 part is singular (determinant {determinant:.3g})"
        elif determinant < 0:
            fault = f"its 3x3 part mirrors (determinant {determinant:.3g})"
        elif deviation > _ROTATION_TOLERANCE:
            fault = f"its 3x3 part is no rotation: columns of length {lengths.round(4).tolist()}"
        else:
            continue
        raise DataError(
            f"{name}: the pose is no rigid motion: {fault}. A camera-to-world pose needs three "
            "perpendicular unit columns of determinant +1: repair it or remove the frame"
        )
    return c2w


def mended_poses(c2w: ArrayLike, names: Sequence[str]) -> NDArray[np.float64]:
    """Poses as a file has them, as rigid motions, float64 [N, 3, 4].

    A rotation times a scale, or one of rounded numbers, becomes the nearest rotation, with a warning; the position is
    the fourth column either way. Poses that :func:`check_poses` takes keep their bits.

    Args:
        c2w: [N, 3, 4].
        names: what to call each pose, N strings.

    Raises:
        DataError: as :func:`check_poses`, for what is no such rotation: one that mirrors, shears or is singular.
    """
    c2w = _finite(c2w, names)
    given = c2w[:, :, :3]
    left, sizes, right = np.linalg.svd(given)
    nearest = left @ right
    scales = sizes.mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(given / scales[:, None, None] - nearest).max(axis=(1, 2))
    inexact = np.abs(given.transpose(0, 2, 1) @ given - np.eye(3)).max(axis=(1, 2))
    meant = (off <= _MOST_OFF) & (sizes[:, 2] > _SINGULAR * sizes[:, 0])
    mend = meant & (inexact > _ROTATION_TOLERANCE) & (np.linalg.det(nearest) > 0)
    if mend.any():
        c2w = c2w.copy()
        c2w[mend, :, :3] = nearest[mend]
        i = int(np.argmax(np.where(mend, inexact, -1)))
        warnings.warn(
            f"{names[i]}: the 3x3 part of the pose is a rotation times {scales[i]:.6g}, to within {off[i]:.2g}: the "
            f"nearest rotation is used, as for {mend.sum()} of the {len(c2w)} poses; positions are used as they are",
            stacklevel=3,
        )
    return check_poses(c2w, names)


def pose_rows(matrix: NDArray[np.float64], label: str) -> NDArray[np.float64]:
    """The upper three rows of a 4x4 (or 3x4) pose.

    Raises:
        DataError: the matrix is written column by column: its position is in the last row.
    """
    if len(matrix) == 4 and np.any(matrix[3, :3]) and not np.any(matrix[:3, 3]):
        raise DataError(
            f"{label}: the pose is written column by column: its last row is {matrix[3].tolist()}, which should be 0, "
            "0, 0, 1, and its last column has no position. Transpose the matrices"
        )
    return matrix[:3]


def _finite(c2w: ArrayLike, names: Sequence[str]) -> NDArray[np.float64]:
    """Poses as float64 [N, 3, 4], none of which holds NaN, infinity or what would become that."""
    c2w = np.asarray(c2w, np.float64)
    if c2w.ndim != 3 or c2w.shape[1:] != (3, 4) or len(c2w) != len(names) or not len(c2w):
        raise DataError(f"camera poses must be [N, 3, 4] with N >= 1, got {list(c2w.shape)}")
    for name, pose in zip(names, c2w, strict=True):
        if not (np.abs(pose) < _FARTHEST).all():
            raise DataError(
                f"{name}: the pose holds NaN or infinity, or numbers beyond {_FARTHEST:g}: {pose.tolist()}. Remove the "
                "frame or repair it"
            )
    return c2w
