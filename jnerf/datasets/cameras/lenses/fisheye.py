"""The equidistant fisheye: the radius in the image follows the angle to the view axis.

Kannala and Brandt, A generic camera model and calibration method for conventional, wide-angle, and fish-eye
lenses, 2006; as in OpenCV's ``fisheye`` module and COLMAP's OPENCV_FISHEYE.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.lenses.base import Floats
from jnerf.datasets.cameras.lenses.calibrated import CalibratedLens
from jnerf.datasets.cameras.lenses.coefficients import Column
from jnerf.datasets.cameras.lenses.inversion import solve_increasing
from jnerf.datasets.cameras.lenses.polynomials import fold, value_and_slope


class FisheyeLens(CalibratedLens):
    """A ray at angle a to the view axis is drawn at radius a (1 + k1 a^2 + k2 a^4 + k3 a^6 + k4 a^8).

    Sees up to half a turn, so also what is behind the camera.

    Args:
        coefficients: k1 k2 k3 k4 of each camera, float64 [N, 4].

    Raises:
        DataError: another shape, or a coefficient that is not finite.
    """

    names = ("k1", "k2", "k3", "k4")

    @staticmethod
    def reach(*row: float) -> float:
        return min(fold(row), np.pi)

    def directions(self, plane: Floats, indices: NDArray[np.integer]) -> Floats:
        x, y = plane.T.astype(np.float64, order="C")
        *k, reach = self.coefficients.columns(indices, self.reaches)
        radius = np.maximum(np.sqrt(x * x + y * y), 1e-12)
        angle = solve_increasing(_radius, radius, reach, k)
        outwards = np.sin(angle) / radius
        result = np.empty((len(plane), 3), plane.dtype)
        result[:, 0] = outwards * x
        result[:, 1] = -outwards * y
        result[:, 2] = -np.cos(angle)
        return result

    def plane(self, points: Floats, index: int) -> tuple[Floats, NDArray[np.bool_]]:
        x, y, z = points.T.astype(np.float64, order="C")
        outwards = np.hypot(x, y)
        angle = np.arctan2(outwards, -z)
        seen = (angle < self.reach_of(index)) & ((outwards > 0) | (z < 0))
        angle = np.where(seen, angle, 0)
        radius = _radius(angle, *self.coefficients.values[index])[0]
        # On the axis, where the angle is 0 too, any finite factor will do.
        scale = radius / np.where(outwards > 0, outwards, 1)
        return np.stack([scale * x, -scale * y], axis=1), seen


def _radius(angle: Floats, *k: Column) -> tuple[Floats, Floats]:
    """The radius at which an angle is drawn and its derivative, [R] each."""
    s = angle * angle
    value, slope = value_and_slope(k, s)
    return angle * value, value + 2 * s * slope
