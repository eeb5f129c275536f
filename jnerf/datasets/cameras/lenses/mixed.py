"""Cameras of different kinds in one scene, and the lens that fits a list of cameras."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.datasets.cameras.lenses.base import Floats, LensModel
from jnerf.datasets.cameras.lenses.equirectangular import EquirectangularLens
from jnerf.datasets.cameras.lenses.fisheye import FisheyeLens
from jnerf.datasets.cameras.lenses.opencv import OpenCVLens
from jnerf.datasets.cameras.lenses.pinhole import Pinhole
from jnerf.datasets.cameras.lenses.rational import RationalLens
from jnerf.errors import DataError

_BENT = {"opencv": OpenCVLens, "rational": RationalLens, "fisheye": FisheyeLens}
_STRAIGHT = {"pinhole": Pinhole, "equirectangular": EquirectangularLens}


class MixedLens(LensModel):
    """Several lenses, each for some of the cameras.

    Args:
        lenses: the kinds. They are asked with the camera's number in the scene, so one with coefficients has
            a row for each of the N cameras, also for those that are not its own.
        which: the place in ``lenses`` of each camera's, int [N].

    Raises:
        DataError: a place that does not exist.
    """

    def __init__(self, lenses: Sequence[LensModel], which: ArrayLike) -> None:
        self.lenses = tuple(lenses)
        self.which = np.asarray(which, np.int64)
        if self.which.size and not 0 <= self.which.min() <= self.which.max() < len(self.lenses):
            raise DataError(
                f"which must name one of {len(self.lenses)} lenses, 0 .. {len(self.lenses) - 1}, for "
                f"each camera, got {self.which.tolist()}"
            )

    def directions(self, plane: Floats, indices: NDArray[np.integer]) -> Floats:
        result = np.empty((len(plane), 3), plane.dtype)
        kinds = self.which[indices]
        for kind, lens in enumerate(self.lenses):
            mine = np.flatnonzero(kinds == kind)
            if len(mine):
                result[mine] = lens.directions(plane[mine], indices[mine])
        return result

    def plane(self, points: Floats, index: int) -> tuple[Floats, NDArray[np.bool_]]:
        return self.lenses[self.which[index]].plane(points, index)

    def key(self, index: int) -> Hashable:
        return int(self.which[index]), self.lenses[self.which[index]].key(index)

    def describe(self, index: int) -> str:
        return self.lenses[self.which[index]].describe(index)


def lens_of(kinds: Sequence[str], coefficients: Sequence[Sequence[float]]) -> LensModel:
    """The simplest lens that does for N cameras: one kind if they agree, else a mixture.

    Args:
        kinds: of each camera: ``pinhole``, ``opencv`` (:class:`OpenCVLens`), ``rational``, ``fisheye`` or
            ``equirectangular``. Distortion whose coefficients are all 0 counts as a pinhole.
        coefficients: of each camera, those its kind takes, in its order; trailing zeros may be left out.

    Returns:
        A lens for cameras 0 .. N - 1.

    Raises:
        DataError: an unknown kind, too many coefficients for it, or one that is not finite.

    >>> type(lens_of(["opencv"] * 2, [[0.1], [0.0]])).__name__
    'MixedLens'
    """
    straight = ("opencv", "rational")
    kinds = [
        "pinhole" if kind in straight and not np.any(row) else kind
        for kind, row in zip(kinds, coefficients, strict=True)
    ]
    found = list(dict.fromkeys(kinds))
    lenses = [_lens_of_kind(kind, kinds, coefficients) for kind in found]
    if len(lenses) == 1:
        return lenses[0]
    return MixedLens(lenses, [found.index(kind) for kind in kinds])


def _lens_of_kind(
    kind: str, kinds: Sequence[str], coefficients: Sequence[Sequence[float]]
) -> LensModel:
    if kind in _STRAIGHT:
        return _STRAIGHT[kind]()
    if kind not in _BENT:
        raise DataError(
            f"unknown kind of lens '{kind}': choose from {', '.join([*_STRAIGHT, *_BENT])}"
        )
    names = _BENT[kind].names
    table = np.zeros((len(kinds), len(names)))
    for i, row in enumerate(coefficients):
        if kinds[i] == kind:
            if len(row) > len(names):
                raise DataError(
                    f"camera {i}: a lens of kind '{kind}' takes {' '.join(names)}, got {list(row)}"
                )
            table[i, : len(row)] = row
    return _BENT[kind](table)
