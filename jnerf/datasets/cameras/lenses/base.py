"""What every lens is, and the check that it can be undone inside an image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from jnerf.errors import DataError

Floats = NDArray[np.floating]

# Pixels a side of the grid that is sent through a lens and back, and what it may be off by.
_GRID, _TOLERANCE = 17, 1e-3
# Pixels looked at of an image of which some have no direction.
_LOOKED_AT = 1 << 18

#: Number of a camera -> the pixels of its image that must have a direction, bool [H, W]; None for all.
Needed = Callable[[int], NDArray[np.bool_] | None]


class LensModel(ABC):
    """One lens for all cameras of a dataset; coefficients that differ by camera are looked up by index."""

    @abstractmethod
    def directions(self, plane: Floats, indices: NDArray[np.integer]) -> Floats:
        """Directions of points of the image plane; any length.

        Args:
            plane: plane coordinates, float [R, 2].
            indices: the camera of each point, int [R].

        Returns:
            OpenGL camera-space directions, float [R, 3].
        """

    @abstractmethod
    def plane(self, points: Floats, index: int) -> tuple[Floats, NDArray[np.bool_]]:
        """Where one camera sees points: the inverse of :meth:`directions`.

        Args:
            points: OpenGL camera-space points, float [P, 3]; their distance does not matter.
            index: the camera.

        Returns:
            Plane coordinates [P, 2], and bool [P]: whether the lens can see the point at all. Where it
            cannot, the coordinates are finite but mean nothing.
        """

    def key(self, index: int) -> Hashable:
        """Equal for two cameras whose lenses bend light alike."""
        return index

    def describe(self, index: int) -> str:
        """The lens of one camera with its coefficients, as errors name it."""
        return type(self).__name__

    def check(
        self,
        intrinsics: Floats,
        sizes: NDArray[np.integer],
        names: Sequence[str],
        needed: Needed = lambda i: None,
    ) -> frozenset[int]:
        """Sends a grid of each image's pixels through the lens and back.

        Args:
            intrinsics: fx, fy, cx, cy in pixels, float [N, 4].
            sizes: width, height in pixels, int [N, 2].
            names: what errors call each camera, N strings.
            needed: asked only of cameras whose lens leaves some pixels without a direction.

        Returns:
            The cameras that have pixels without a direction, none of which is needed.

        Raises:
            DataError: some that are needed do not come back: names the camera, its coefficients and what to do.
        """
        blind: dict[Hashable, NDArray[np.bool_]] = {}
        found = set()
        for i, name in enumerate(names):
            key = (self.key(i), tuple(intrinsics[i].tolist()), tuple(sizes[i].tolist()))
            if key not in blind:
                blind[key] = self._lost(i, intrinsics[i], sizes[i], _GRID**2)
            if not blind[key].any():
                continue
            lost, keep = blind[key], needed(i)
            if keep is not None:
                fine = key, "fine"
                if fine not in blind:
                    blind[fine] = self._lost(i, intrinsics[i], sizes[i], _LOOKED_AT)
                lost = blind[fine]
                y, x = (_spread(n, count) for n, count in zip(keep.shape, lost.shape, strict=True))
                lost = lost & keep[np.ix_(y, x)]
            if lost.any():
                self._refuse(name, i, intrinsics[i], sizes[i], lost)
            found.add(i)
        return frozenset(found)

    def _lost(
        self, i: int, intrinsics: Floats, size: NDArray[np.integer], pixels: int
    ) -> NDArray[np.bool_]:
        """Which of a grid of about so many of an image's pixels do not come back, bool [rows, columns]."""
        most = int(np.sqrt(pixels))
        x, y = (_spread(n, min(n, most)) + 0.5 for n in size.tolist())
        points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        focal, centre = np.split(intrinsics.astype(np.float64), 2)
        directions = self.directions((points - centre) / focal, np.full(len(points), i))
        plane, seen = self.plane(directions, i)
        error = np.abs(plane * focal + centre - points).max(axis=1)
        return ~(seen & (error < _TOLERANCE)).reshape(len(y), len(x))

    def _refuse(
        self,
        name: str,
        i: int,
        intrinsics: Floats,
        size: NDArray[np.integer],
        lost: NDArray[np.bool_],
    ) -> None:
        width, height = size.tolist()
        row, column = np.argwhere(lost)[0]
        first = [
            float(_spread(n, count)[at] + 0.5)
            for n, count, at in ((width, lost.shape[1], column), (height, lost.shape[0], row))
        ]
        raise DataError(
            f"{name}: {self.describe(i)} cannot be inverted in {100 * lost.mean():.2g} % of the "
            f"image of {width}x{height} pixels (first at pixel {first}; fx fy cx cy = {intrinsics.tolist()}): two "
            "directions fall on one pixel, or none does. Check that coefficients, focal length and image size belong "
            "together, calibrate with fewer coefficients, or undistort and crop the images. If these pixels show "
            "nothing, leave them out: by masks, or by 'fisheye_crop_radius' in transforms.json"
        )


def _spread(n: int, count: int) -> NDArray[np.int64]:
    """``count`` of n pixels along a side, the first and the last included."""
    return np.round(np.linspace(0, 1, count) * (n - 1)).astype(np.int64)
