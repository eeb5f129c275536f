"""The similarity transform between the user's world and the field's units.

``x_field = scale * rotation @ x_world + translation``. The dataset owns one, the run stores it, and every
export undoes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.errors import DataError


@dataclass(frozen=True, eq=False)
class Similarity:
    """World to field: uniform scale, then rotation, then translation.

    Attributes:
        scale: field units per world unit, > 0.
        rotation: float64 [3, 3], determinant 1.
        translation: float64 [3], field units.

    Raises:
        DataError: the scale is not positive, or the rotation is not a rotation.

    >>> Similarity(0.33, translation=(0.5, 0.5, 0.5)).points([[1.0, 0.0, -1.0]])
    array([[0.83, 0.5 , 0.17]])
    """

    scale: float = 1.0
    rotation: ArrayLike = field(default_factory=lambda: np.eye(3))
    translation: ArrayLike = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        rotation = np.asarray(self.rotation, np.float64)
        translation = np.asarray(self.translation, np.float64)
        if not (np.isfinite(self.scale) and self.scale > 0):
            raise DataError(f"scale of a similarity must be a positive number, got {self.scale}")
        if rotation.shape != (3, 3) or not _is_rotation(rotation):
            raise DataError(f"rotation of a similarity is not a 3x3 rotation: {rotation.tolist()}")
        if translation.shape != (3,) or not np.isfinite(translation).all():
            raise DataError(
                f"translation of a similarity must be three numbers, got {self.translation}"
            )
        object.__setattr__(self, "scale", float(self.scale))
        object.__setattr__(self, "rotation", rotation)
        object.__setattr__(self, "translation", translation)

    def points(self, points: ArrayLike) -> NDArray[np.float64]:
        """World points in field units: [..., 3] to float64 [..., 3]."""
        return self.scale * np.asarray(points, np.float64) @ self.rotation.T + self.translation

    def directions(self, directions: ArrayLike) -> NDArray[np.float64]:
        """World directions (or normals) in the field's axes, lengths kept: [..., 3] to [..., 3]."""
        return np.asarray(directions, np.float64) @ self.rotation.T

    def poses(self, c2w: ArrayLike) -> NDArray[np.float64]:
        """World camera poses in field units: [..., 3, 4] to float64 [..., 3, 4]."""
        c2w = np.asarray(c2w, np.float64)
        origins = self.points(c2w[..., 3])
        return np.concatenate([self.rotation @ c2w[..., :3], origins[..., None]], axis=-1)

    def inverse(self) -> Similarity:
        """Field to world.

        >>> forth = Similarity(2.0, translation=(1, 0, 0))
        >>> forth.inverse().points(forth.points([3.0, 4.0, 5.0]))
        array([3., 4., 5.])
        """
        back = self.rotation.T
        return Similarity(1 / self.scale, back, -(back @ self.translation) / self.scale)

    def then(self, after: Similarity) -> Similarity:
        """This transform, followed by another.

        >>> Similarity(2.0).then(Similarity(translation=(1, 0, 0))).points([3.0, 4.0, 5.0])
        array([ 7.,  8., 10.])
        """
        return Similarity(
            after.scale * self.scale,
            after.rotation @ self.rotation,
            after.points(self.translation),
        )

    def matrix(self) -> NDArray[np.float64]:
        """The homogeneous matrix, float64 [4, 4]."""
        result = np.eye(4)
        result[:3, :3] = self.scale * self.rotation
        result[:3, 3] = self.translation
        return result

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for json; read back by :meth:`from_dict`."""
        return {
            "scale": self.scale,
            "rotation": self.rotation.tolist(),
            "translation": self.translation.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, float | Sequence[Any]]) -> Similarity:
        """The transform that :meth:`to_dict` wrote.

        Raises:
            DataError: a key is missing or a value is unusable.
        """
        missing = {"scale", "rotation", "translation"} - set(data)
        if missing:
            raise DataError(f"stored similarity lacks {', '.join(sorted(missing))}: {dict(data)}")
        return cls(data["scale"], data["rotation"], data["translation"])


def _is_rotation(matrix: NDArray[np.float64]) -> bool:
    return (
        bool(np.isfinite(matrix).all())
        and np.abs(matrix @ matrix.T - np.eye(3)).max() < 1e-6
        and np.linalg.det(matrix) > 0
    )
