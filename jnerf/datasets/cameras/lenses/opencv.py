"""The lens of most calibrated photographs: a radial polynomial and tangential distortion."""

from __future__ import annotations

from jnerf.datasets.cameras.lenses.base import Floats
from jnerf.datasets.cameras.lenses.coefficients import Column
from jnerf.datasets.cameras.lenses.distorted import DistortedLens
from jnerf.datasets.cameras.lenses.polynomials import fold, value_and_slope


class OpenCVLens(DistortedLens):
    """q(s) = 1 + k1 s + k2 s^2 + k3 s^3 + k4 s^4, with s = r^2.

    OpenCV's own five coefficients are ``k1 k2 p1 p2 k3``, in that order, and its sixth is no k4 but belongs
    to :class:`RationalLens`. COLMAP's SIMPLE_RADIAL, RADIAL and OPENCV are this lens with zeros.

    Args:
        coefficients: k1 k2 k3 k4 p1 p2 of each camera, float64 [N, 6].

    Raises:
        DataError: another shape, or a coefficient that is not finite.
    """

    names = ("k1", "k2", "k3", "k4", "p1", "p2")

    @staticmethod
    def radial(s: Floats, *k: Column) -> tuple[Floats, Floats]:
        return value_and_slope(k, s)

    @staticmethod
    def fold(*k: float) -> float:
        return fold(k)
