"""What lenses with radial and tangential distortion share: Brown's model, inverted by Newton's method.

A pinhole's plane point (x, y) at radius r, s = r^2, is drawn at

    x' = x q(s) + 2 p1 x y + p2 (s + 2 x^2)
    y' = y q(s) + p1 (s + 2 y^2) + 2 p2 x y

where q is what kinds of lenses differ in. Brown, Close-range camera calibration, 1971; the signs are OpenCV's.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.lenses.base import Floats
from jnerf.datasets.cameras.lenses.calibrated import CalibratedLens
from jnerf.datasets.cameras.lenses.coefficients import Column
from jnerf.datasets.cameras.lenses.inversion import solve_increasing, solve_plane

# Rays worked on at a time: their two dozen temporary arrays stay in the core's cache.
_CHUNK = 4096
# Nobody's image reaches this radius, 0.01 degrees from the plane of the lens.
_FAR_OUT = 1e4


class DistortedLens(CalibratedLens):
    """Radial distortion of some kind, and tangential distortion in the last two coefficients, p1 and p2."""

    @staticmethod
    @abstractmethod
    def radial(s: Floats, *k: Column) -> tuple[Floats, Floats]:
        """q(s) and its derivative by s, [R] each; ``k`` are the coefficients before p1."""

    @staticmethod
    @abstractmethod
    def fold(*k: float) -> float:
        """The radius where a lens without tangential distortion folds back on itself, or infinity."""

    @classmethod
    def reach(cls, *row: float) -> float:
        return min(cls.fold(*row[:-2]), _FAR_OUT)

    def directions(self, plane: Floats, indices: NDArray[np.integer]) -> Floats:
        result = np.empty((len(plane), 3), plane.dtype)
        result[:, 2] = -1
        for first in range(0, len(plane), _CHUNK):
            part = slice(first, first + _CHUNK)
            x, y = self._undistort(plane[part].T.astype(np.float64, order="C"), indices[part])
            result[part, 0] = x
            np.negative(y, out=result[part, 1], casting="same_kind")
        return result

    def plane(self, points: Floats, index: int) -> tuple[Floats, NDArray[np.bool_]]:
        x, y, z = points.T.astype(np.float64, order="C")
        *k, p1, p2 = self.coefficients.values[index]
        # Compared without a division, so that nothing overflows beside or behind the camera.
        seen = np.hypot(x, y) < -z * self.reach_of(index)
        depth = np.where(seen, -z, np.inf)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # beside a pole
            u, v, xx, xy, yy = self._distort(x / depth, -y / depth, k, p1, p2)
            seen &= np.isfinite(u) & np.isfinite(v) & (xx * yy > xy * xy)
        return np.where(seen[:, None], np.stack([u, v], axis=1), 0), seen

    def _undistort(
        self, target: NDArray[np.float64], indices: NDArray[np.integer]
    ) -> tuple[Floats, Floats]:
        *k, p1, p2, reach = self.coefficients.columns(indices, self.reaches)
        radius = np.maximum(np.sqrt(target[0] ** 2 + target[1] ** 2), 1e-12)
        tangential = np.any(p1) or np.any(p2)
        # With tangential distortion to come, the radius alone need not be exact.
        found = solve_increasing(self._radius, radius, reach, k, 1e-2 if tangential else 1e-5)
        shrink = found / radius
        start = target[0] * shrink, target[1] * shrink
        if not tangential:
            return start
        return solve_plane(
            lambda x, y: self._distort(x, y, k, p1, p2), (target[0], target[1]), start
        )

    def _radius(self, r: Floats, *k: Column) -> tuple[Floats, Floats]:
        """g(r) = r q(r^2) and its derivative, [R] each."""
        s = r * r
        value, slope = self.radial(s, *k)
        return r * value, value + 2 * s * slope

    def _distort(
        self, x: Floats, y: Floats, k: list[Column], p1: Column, p2: Column
    ) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """The point drawn for a pinhole's, and the derivatives xx, xy, yy: they are symmetric. [R] each."""
        x2, y2, xy = x * x, y * y, x * y
        s = x2 + y2
        q, slope = self.radial(s, *k)
        slope = 2 * slope
        p1x, p1y, p2x, p2y = 2 * p1 * x, 2 * p1 * y, 2 * p2 * x, 2 * p2 * y
        u = x * q + p1y * x + p2 * (s + 2 * x2)
        v = y * q + p1 * (s + 2 * y2) + p2x * y
        return (
            u,
            v,
            q + x2 * slope + p1y + 3 * p2x,
            xy * slope + p1x + p2y,
            q + y2 * slope + 3 * p1y + p2x,
        )
