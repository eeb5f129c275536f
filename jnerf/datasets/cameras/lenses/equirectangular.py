"""The equirectangular projection of full panoramas: longitude across, latitude down."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.lenses.base import Floats, LensModel


@dataclass(frozen=True)
class EquirectangularLens(LensModel):
    """Plane coordinates are longitude in [-pi, pi] and latitude in [-pi / 2, pi / 2], downwards, in radians.

    The middle of the panorama looks along -z, its right half towards +x, its bottom edge straight down. Such
    an image has the intrinsics that :meth:`intrinsics` gives.
    """

    @staticmethod
    def intrinsics(width: int, height: int) -> tuple[float, float, float, float]:
        """fx, fy, cx, cy with which the pixels of a full panorama become angles.

        >>> EquirectangularLens.intrinsics(628, 314)[2:]
        (314.0, 157.0)
        """
        return width / (2 * np.pi), height / np.pi, width / 2, height / 2

    def directions(self, plane: Floats, indices: NDArray[np.integer]) -> Floats:
        longitude, latitude = plane.T
        flat = np.cos(latitude)
        return np.stack(
            [flat * np.sin(longitude), -np.sin(latitude), -flat * np.cos(longitude)], axis=1
        )

    def plane(self, points: Floats, index: int) -> tuple[Floats, NDArray[np.bool_]]:
        x, y, z = points.T
        longitude = np.arctan2(x, -z)
        latitude = np.arctan2(-y, np.hypot(x, z))
        return np.stack([longitude, latitude], axis=1), (points != 0).any(axis=1)

    def key(self, index: int) -> Hashable:
        return 0

    def describe(self, index: int) -> str:
        return "a full equirectangular panorama (fx = width / 2 pi, fy = height / pi)"
