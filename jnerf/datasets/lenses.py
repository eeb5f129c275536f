"""Lens models: how a point of the image plane becomes a direction of the camera, and back.

A lens works in *plane coordinates*, ``((x - cx) / fx, (y - cy) / fy)`` with y downwards, and in OpenGL
camera directions: x right, y up, looking along -z. Cameras own pixels, intrinsics and poses; a lens owns
only the bending of light, so that a new lens is one class.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


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


@dataclass(frozen=True)
class Pinhole(LensModel):
    """The ideal lens: straight lines through one point.

    Attributes:
        min_cos: a point counts as in front when the cosine of its angle to the view axis exceeds this.
    """

    min_cos: float = 1e-4

    def directions(self, plane: Floats, indices: NDArray[np.integer]) -> Floats:
        result = np.empty((len(plane), 3), plane.dtype)
        result[:, 0] = plane[:, 0]
        np.negative(plane[:, 1], out=result[:, 1])
        result[:, 2] = -1
        return result

    def plane(self, points: Floats, index: int) -> tuple[Floats, NDArray[np.bool_]]:
        depth = -points[:, 2]
        seen = depth > self.min_cos * np.linalg.norm(points, axis=1)
        safe = np.where(seen, depth, 1)
        return np.stack([points[:, 0] / safe, -points[:, 1] / safe], axis=1), seen
