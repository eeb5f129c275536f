"""What lenses with coefficients of their own for each camera share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.datasets.cameras.lenses.base import Floats, LensModel, Needed
from jnerf.datasets.cameras.lenses.coefficients import Coefficients
from jnerf.errors import DataError


class CalibratedLens(LensModel):
    """A lens of one kind, with a row of coefficients for each camera.

    Args:
        coefficients: of each camera, float64 [N, K]; the kind says which.

    Raises:
        DataError: another shape, or a coefficient that is not finite.
    """

    #: What the K coefficients are called.
    names: tuple[str, ...]

    def __init__(self, coefficients: ArrayLike) -> None:
        self.coefficients = Coefficients(coefficients, self.names)

    @staticmethod
    @abstractmethod
    def reach(*row: float) -> float:
        """How far from the axis the lens with these K coefficients can be inverted, in its own measure."""

    @cached_property
    def reaches(self) -> NDArray[np.float64]:
        """The reach of each of the U different lenses, float64 [U]."""
        return np.array([self.reach(*row) for row in self.coefficients.rows])

    def reach_of(self, index: int) -> float:
        """The reach of one camera's lens."""
        return float(self.reaches[self.coefficients.which[index]])

    def key(self, index: int) -> Hashable:
        return int(self.coefficients.which[index])

    def describe(self, index: int) -> str:
        return f"{type(self).__name__} with {self.coefficients.describe(index)}"

    def check(
        self,
        intrinsics: Floats,
        sizes: NDArray[np.integer],
        names: Sequence[str],
        needed: Needed = lambda i: None,
    ) -> frozenset[int]:
        if len(self.coefficients) != len(names):
            raise DataError(
                f"{type(self).__name__} has coefficients of {len(self.coefficients)} cameras, and there "
                f"are {len(names)}: give one row of {' '.join(self.names)} for each"
            )
        return super().check(intrinsics, sizes, names, needed)
