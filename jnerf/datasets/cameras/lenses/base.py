"""What every lens is, and the check that it can be undone inside an image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from jnerf.errors import DataError

Floats = NDArray[np.floating]

# Pixels a side of the grid that is sent through a lens and back, and what it may be off by.
_GRID, _TOLERANCE = 17, 1e-3


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

    def check(self, intrinsics: Floats, sizes: NDArray[np.integer], names: Sequence[str]) -> None:
        """Sends a grid of each image's pixels through the lens and back.

        Args:
            intrinsics: fx, fy, cx, cy in pixels, float [N, 4].
            sizes: width, height in pixels, int [N, 2].
            names: what errors call each camera, N strings.

        Raises:
            DataError: some pixels do not come back: names the camera, its coefficients and what to do.
        """
        done = set()
        for i, name in enumerate(names):
            key = (self.key(i), tuple(intrinsics[i].tolist()), tuple(sizes[i].tolist()))
            if key in done:
                continue
            done.add(key)
            step = np.linspace(0, 1, _GRID)
            x, y = (np.round(step * (size - 1)) + 0.5 for size in sizes[i].astype(np.float64))
            pixels = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
            focal, centre = np.split(intrinsics[i].astype(np.float64), 2)
            directions = self.directions((pixels - centre) / focal, np.full(len(pixels), i))
            plane, seen = self.plane(directions, i)
            error = np.abs(plane * focal + centre - pixels).max(axis=1)
            lost = ~(seen & (error < _TOLERANCE))
            if lost.any():
                raise DataError(
                    f"{name}: {self.describe(i)} cannot be inverted in {100 * lost.mean():.0f} % of the "
                    f"image of {sizes[i][0]}x{sizes[i][1]} pixels (first at pixel "
                    f"{pixels[lost.argmax()].tolist()}; fx fy cx cy = {intrinsics[i].tolist()}): two "
                    "directions fall on one pixel, or none does. Check that coefficients, focal length and image "
                    "size belong together, calibrate with fewer coefficients, or undistort and crop the images"
                )
