"""The lenses of N cameras for any number of copies of these."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.lenses.base import Floats, LensModel


class RepeatedLens(LensModel):
    """Camera i has the lens of camera i modulo N.

    Args:
        lens: of N cameras.
        n: N.
    """

    def __init__(self, lens: LensModel, n: int) -> None:
        self._lens, self._n = lens, n

    def directions(self, plane: Floats, indices: NDArray[np.integer]) -> Floats:
        return self._lens.directions(plane, np.asarray(indices) % self._n)

    def plane(self, points: Floats, index: int) -> tuple[Floats, NDArray[np.bool_]]:
        return self._lens.plane(points, index % self._n)

    def key(self, index: int) -> Hashable:
        return self._lens.key(index % self._n)

    def describe(self, index: int) -> str:
        return self._lens.describe(index % self._n)
