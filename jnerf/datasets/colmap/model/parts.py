"""The records of a sparse model, as both kinds of files fill them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
        xy: where it sees each, pixels of its camera's width and height, float64 [P, 2].
    """

    name: str
    camera_id: int
    quaternion: NDArray[np.float64]
    translation: NDArray[np.float64]
    point_ids: NDArray[np.int64]
    xy: NDArray[np.float64]

    @classmethod
    def of(
        cls, name: str, camera_id: int, pose: NDArray[np.float64], ids: ArrayLike, xy: ArrayLike
    ) -> ColmapImage:
        """An image of its record.

        Args:
            name: see the class.
            camera_id: see the class.
            pose: quaternion and translation, float64 [7].
            ids: of its features, -1 for one that became no point, int [F].
            xy: where those are, [F, 2]. Of several of one point, the first counts.
        """
        ids, xy = np.asarray(ids, np.int64), np.asarray(xy, np.float64).reshape(-1, 2)
        points, first = np.unique(ids, return_index=True)
        known = points >= 0
        return cls(name, camera_id, pose[:4], pose[4:], points[known], xy[first[known]])

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
        colors: RGB, uint8 [M, 3].
        errors: mean distance from where images see them, pixels, float64 [M].
        tracks: how many images see each, int64 [M].
    """

    ids: NDArray[np.int64]
    xyz: NDArray[np.float64]
    colors: NDArray[np.uint8]
    errors: NDArray[np.float64]
    tracks: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        ids: ArrayLike,
        xyz: ArrayLike,
        colors: ArrayLike = (),
        errors: ArrayLike = (),
        tracks: ArrayLike = (),
    ) -> Points:
        """Points in any order; what is not given is 0."""
        ids = np.asarray(ids, np.int64)
        order, n = np.argsort(ids, kind="stable"), len(ids)

        def sorted_rows(values: ArrayLike, kind: type, *shape: int) -> NDArray:
            rows = np.asarray(values, kind)
            return rows.reshape(n, *shape)[order] if rows.size else np.zeros((n, *shape), kind)

        return cls(
            ids[order],
            sorted_rows(xyz, np.float64, 3),
            sorted_rows(colors, np.uint8, 3),
            sorted_rows(errors, np.float64),
            sorted_rows(tracks, np.int64),
        )

    def select(self, chosen: NDArray[np.bool_]) -> Points:
        """Some of the points, bool [M]."""
        return Points(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def has(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether there is a point of each id, bool [P]."""
        if not len(self.ids):
            return np.zeros(len(ids), bool)
        place = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return self.ids[place] == ids
