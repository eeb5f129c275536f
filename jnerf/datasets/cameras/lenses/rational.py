"""OpenCV's rational lens: a quotient of radial polynomials, and tangential distortion."""

from __future__ import annotations

from jnerf.datasets.cameras.lenses.base import Floats
from jnerf.datasets.cameras.lenses.coefficients import Column
from jnerf.datasets.cameras.lenses.distorted import DistortedLens
from jnerf.datasets.cameras.lenses.polynomials import fold, value_and_slope


class RationalLens(DistortedLens):
    """q(s) = (1 + k1 s + k2 s^2 + k3 s^3) / (1 + k4 s + k5 s^2 + k6 s^3), with s = r^2; COLMAP's FULL_OPENCV.

    Args:
        coefficients: k1 k2 k3 k4 k5 k6 p1 p2 of each camera, float64 [N, 8]. OpenCV and COLMAP order them
            ``k1 k2 p1 p2 k3 k4 k5 k6``.

    Raises:
        DataError: another shape, or a coefficient that is not finite.
    """

    names = ("k1", "k2", "k3", "k4", "k5", "k6", "p1", "p2")

    @staticmethod
    def radial(s: Floats, *k: Column) -> tuple[Floats, Floats]:
        above, above_slope = value_and_slope(k[:3], s)
        below, below_slope = value_and_slope(k[3:], s)
        value = above / below
        return value, (above_slope - value * below_slope) / below

    @staticmethod
    def fold(*k: float) -> float:
        return fold(k[:3], k[3:])
