"""One point in each cube of a lattice."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.errors import ConfigError

_BITS = 21  # of an index along one axis: three make an int64


class Voxels:
    """Remembers which cubes have a point.

    Args:
        corners: of the space in which points lie, world units, [K, 3].
        edge: of a cube, world units.

    Raises:
        ConfigError: there would be too many cubes along an axis.
    """

    def __init__(self, corners: ArrayLike, edge: float) -> None:
        self._low, self._edge = np.min(corners, axis=0), edge
        most = float((np.max(corners, axis=0) - self._low).max()) / edge
        if most >= 2**_BITS - 2:
            raise ConfigError(
                f"--voxel {edge:g}: the scene's box would have {most:.3g} of them along a side, at most {2**_BITS - 2} "
                "can be told apart; choose a larger one"
            )
        self._known = np.empty(0, np.int64)

    def new(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which points lie in a cube that had none so far, one for each cube, bool [P]; they count from now on."""
        index = np.maximum(np.floor((points - self._low) / self._edge).astype(np.int64) + 1, 0)
        keys = (index[:, 0] << 2 * _BITS) | (index[:, 1] << _BITS) | index[:, 2]
        numbers, first = np.unique(keys, return_index=True)
        fresh = ~np.isin(numbers, self._known, assume_unique=True)
        self._known = np.concatenate([self._known, numbers[fresh]])
        found = np.zeros(len(points), bool)
        found[first[fresh]] = True
        return found
