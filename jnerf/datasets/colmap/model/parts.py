"""The records of a sparse model, as both kinds of files fill them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ColmapCamera:
    """One calibrated camera, which any number of images may share.

    Attributes:
        label: file and camera, as errors name it.
        model: COLMAP's name of its model, such as ``OPENCV``.
        width: in pixels.
        height: in pixels.
        params: what the model takes, in COLMAP's order.
    """

    label: str
    model: str
    width: int
    height: int
    params: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class ColmapImage:
    """One posed image.

    Attributes:
        name: path of the file below the images' folder.
        camera_id: its camera.
        quaternion: rotation from world to camera, w x y z, any length, float64 [4].
        translation: of the world in the camera's frame, float64 [3].
        point_ids: the points that it observes, each once, ascending, int64 [P].
    """

    name: str
    camera_id: int
    quaternion: NDArray[np.float64]
    translation: NDArray[np.float64]
    point_ids: NDArray[np.int64]

    @cached_property
    def c2w(self) -> NDArray[np.float64]:
        """OpenGL camera-to-world pose, float64 [3, 4]."""
        w, x, y, z = self.quaternion / np.linalg.norm(self.quaternion)
        w2c = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
            ]
        )
        # COLMAP's cameras look along +z with y downwards: two axes change sign.
        return np.column_stack([w2c.T * [1, -1, -1], -w2c.T @ self.translation])


@dataclass(frozen=True, eq=False)
class Points:
    """The triangulated points.

    Attributes:
        ids: ascending, int64 [M].
        xyz: positions in world units, float64 [M, 3].
    """

    ids: NDArray[np.int64]
    xyz: NDArray[np.float64]

    @classmethod
    def of(cls, ids: NDArray[np.integer], xyz: NDArray[np.floating]) -> Points:
        """Points in any order."""
        order = np.argsort(ids, kind="stable")
        return cls(np.asarray(ids, np.int64)[order], np.asarray(xyz, np.float64)[order])

    def has(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether there is a point of each id, bool [P]."""
        if not len(self.ids):
            return np.zeros(len(ids), bool)
        place = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return self.ids[place] == ids
