"""The pinhole: no bending at all."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.lenses.base import Floats, LensModel, Needed


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

    def key(self, index: int) -> Hashable:
        return 0

    def check(
        self,
        intrinsics: Floats,
        sizes: NDArray[np.integer],
        names: Sequence[str],
        needed: Needed = lambda i: None,
    ) -> frozenset[int]:
        """Nothing can go wrong."""
        return frozenset()
