"""Directions of every pixel, computed once: bending light for each training ray anew costs milliseconds a step."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

# What tables may take: 22 million pixels, so ten different cameras of two megapixels.
_MAX_BYTES = 256 << 20
# Pixels computed at a time, for the sake of the temporary arrays.
_AT_ONCE = 1 << 18

Directions = Callable[[NDArray, NDArray, NDArray], NDArray[np.float32]]


class DirectionTable:
    """The camera-space direction of each pixel of each different camera.

    Args:
        keys: N values, equal where two cameras see alike: same intrinsics, size and lens.
        sizes: width, height in pixels, int [N, 2].
        directions: (cameras, columns, rows) of R pixels to float32 [R, 3].
    """

    def __init__(
        self, keys: Sequence[Hashable], sizes: NDArray[np.integer], directions: Directions
    ) -> None:
        owners = {key: i for i, key in reversed(list(enumerate(keys)))}
        areas = sizes.astype(np.int64).prod(axis=1)
        starts, total = {}, 0
        for key, i in owners.items():
            starts[key], total = total, total + int(areas[i])
        self._starts = np.array([starts[key] for key in keys])
        self._widths = sizes[:, 0].astype(np.int64)
        self._table = np.empty((total, 3), np.float32)
        for key, i in owners.items():
            for first in range(0, int(areas[i]), _AT_ONCE):
                pixels = np.arange(first, min(first + _AT_ONCE, int(areas[i])))
                y, x = np.divmod(pixels, self._widths[i])
                where = starts[key] + pixels[0]
                bent = directions(np.full(pixels.shape, i), x, y)
                self._table[where : where + len(pixels)] = bent

    @staticmethod
    def fits(keys: Sequence[Hashable], sizes: NDArray[np.integer]) -> bool:
        """Whether the table of such cameras stays within its share of the memory."""
        areas = dict(zip(keys, sizes.astype(np.int64).prod(axis=1).tolist(), strict=True))
        return sum(areas.values()) * 12 <= _MAX_BYTES

    def directions(
        self, indices: NDArray[np.integer], x: NDArray[np.integer], y: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """The directions of pixels.

        Args:
            indices: the camera of each, int [R].
            x: column, int [R].
            y: row, int [R].

        Returns:
            float32 [R, 3].
        """
        return self._table.take(self._starts[indices] + y * self._widths[indices] + x, axis=0)
