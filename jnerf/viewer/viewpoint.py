"""Where a picture is taken from: a pinhole in the frame that the page draws in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

# From a page's cameras (x right, y down, looking along z) to OpenGL's, and back.
_FLIP = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True, eq=False)
class Viewpoint:
    """A pinhole without distortion, its principal point in the middle.

    Attributes:
        c2w: OpenGL camera-to-world pose, float64 [3, 4]; its world is the page's frame, see ``Stage``.
        fov: vertical field of view, radians.
        width: pixels.
        height: pixels.
    """

    c2w: NDArray[np.float64]
    fov: float
    width: int
    height: int

    @property
    def focal(self) -> float:
        """Focal length in pixels."""
        return 0.5 * self.height / np.tan(0.5 * self.fov)

    def directions(self, stride: int = 1) -> NDArray[np.float64]:
        """Unit directions through every ``stride``-th pixel, in the page's frame, [h, w, 3]."""
        local = self._local(stride)
        local /= np.linalg.norm(local, axis=-1, keepdims=True)
        return local @ self.c2w[:, :3].T

    def cosines(self, stride: int = 1) -> NDArray[np.float64]:
        """Cosines of their angles with the view axis, [h, w]."""
        return 1 / np.linalg.norm(self._local(stride), axis=-1)

    def _local(self, stride: int) -> NDArray[np.float64]:
        x = (np.arange(0, self.width, stride) + 0.5 - 0.5 * self.width) / self.focal
        y = (np.arange(0, self.height, stride) + 0.5 - 0.5 * self.height) / self.focal
        x, y = np.meshgrid(x, -y)
        return np.stack([x, y, -np.ones_like(x)], axis=-1)


def pose_of(wxyz: ArrayLike, position: ArrayLike) -> NDArray[np.float64]:
    """The OpenGL pose [3, 4] of a camera as the page has it, a quaternion and a position.

    >>> pose_of([0, 1, 0, 0], [1, 2, 3])[:, 3].tolist()
    [1.0, 2.0, 3.0]
    """
    w, x, y, z = np.asarray(wxyz, np.float64) / np.linalg.norm(wxyz)
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    return np.column_stack([rotation @ _FLIP, np.asarray(position, np.float64)])


def quaternion_of(c2w: ArrayLike) -> NDArray[np.float64]:
    """The quaternion (w, x, y, z) that the page has for an OpenGL pose [3, 4].

    >>> bool(np.allclose(pose_of(quaternion_of(np.eye(4)[:3]), [0, 0, 0]), np.eye(4)[:3]))
    True
    """
    m = np.asarray(c2w, np.float64)[:, :3] @ _FLIP
    # The eigenvector of the largest eigenvalue of this matrix is the quaternion (x, y, z, w).
    k = np.array(
        [
            [m[0, 0] - m[1, 1] - m[2, 2], 0, 0, 0],
            [m[1, 0] + m[0, 1], m[1, 1] - m[0, 0] - m[2, 2], 0, 0],
            [m[2, 0] + m[0, 2], m[2, 1] + m[1, 2], m[2, 2] - m[0, 0] - m[1, 1], 0],
            [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], np.trace(m)],
        ]
    )
    x, y, z, w = np.linalg.eigh(k, UPLO="L")[1][:, -1]
    return np.array([w, x, y, z])
