"""The coefficients of N lenses, and a quick way to those of R rays."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.errors import DataError

Column = NDArray[np.float64]  # [R], or [] where all cameras share the value


class Coefficients:
    """A table of numbers with a row for each camera.

    Args:
        values: float64 [N, K].
        names: what the K columns are called.

    Raises:
        DataError: another shape, or a number that is not finite.
    """

    def __init__(self, values: ArrayLike, names: tuple[str, ...]) -> None:
        self.values = np.asarray(values, np.float64)
        self.names = names
        if self.values.ndim != 2 or self.values.shape[1] != len(names) or not len(self.values):
            raise DataError(
                f"lens coefficients must be [N, {len(names)}] = {' '.join(names)} of N >= 1 cameras, "
                f"got {list(self.values.shape)}"
            )
        bad = ~np.isfinite(self.values).all(axis=1)
        if bad.any():
            i = int(bad.argmax())
            raise DataError(
                f"lens of camera {i}: {self.describe(i)}: all coefficients must be finite. Calibrate "
                "the camera again, or set them to 0 for an undistorted image"
            )

    def __len__(self) -> int:
        return len(self.values)

    def describe(self, index: int) -> str:
        """One camera's numbers, as errors write them."""
        row = self.values[index].tolist()
        return ", ".join(
            f"{name} = {value:.6g}" for name, value in zip(self.names, row, strict=True)
        )

    @property
    def rows(self) -> NDArray[np.float64]:
        """The U different rows, float64 [U, K]: most scenes have one lens for hundreds of images."""
        return self._distinct[0]

    @property
    def which(self) -> NDArray[np.intp]:
        """The place of each camera's row in :attr:`rows`, int [N]."""
        return self._distinct[1]

    def columns(self, indices: NDArray[np.integer], extra: NDArray[np.float64]) -> list[Column]:
        """The coefficients of rays, column by column.

        Args:
            indices: the camera of each ray, int [R].
            extra: a further number for each of :attr:`rows`, [U].

        Returns:
            K + 1 arrays, each [R], or [] where all cameras share one row.
        """
        table = [*self.rows.T, extra]
        if len(self.rows) == 1:
            return [column[0] for column in table]
        which = self.which[indices]
        return [column.take(which) for column in table]

    @cached_property
    def _distinct(self) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        rows, which = np.unique(self.values, axis=0, return_inverse=True)
        return rows, which.reshape(-1)
