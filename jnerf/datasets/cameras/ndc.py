"""Normalised device coordinates: all that cameras facing one way see, out to infinity, in one box.

Mildenhall et al. 2020, https://arxiv.org/abs/2003.08934, appendix C. In the frame that the cameras share (OpenGL:
they look along -z), a point of depth ``Z = -z >= n`` goes to

    x' = f / (W / 2) * x / Z,    y' = f / (H / 2) * y / Z,    z' = 1 - 2 n / Z

with the near plane ``n``. That map is projective: straight lines stay straight, ``Z = n`` becomes ``z' = -1`` and
infinity ``z' = 1``. So the space of (x', y', z') holds straight rays like any other, and the field lives in it: ``t``
is a distance there, directions are unit vectors there, and neither samplers nor renderers have to know.

Two things follow. Distances in the field are not proportional to those in the world: a ``Similarity`` describes only
the way from the world to the shared frame. And directions are those of the rays in the field, for direction encoders
too; at any one point of the field they still tell world directions apart one to one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.datasets.cameras.cameras import Cameras, Projection
from jnerf.datasets.cameras.frusta import corner_rays
from jnerf.errors import DataError

# The least cosine between a ray and the shared view axis: beyond 84 degrees x' grows past all use.
_MIN_COS = 0.1

Column = Any  # [R]: NumPy or Jittor


@dataclass(frozen=True)
class NDCSpace:
    """The field of forward-facing captures: NDC, with a box of them mapped to the unit box, axis by axis.

    ``x / Z`` from ``low`` to ``high`` becomes [0, 1], ``y / Z`` likewise, and depths from ``near`` to infinity become z
    in [0, 1], as ``1 - near / Z``. The focal length of appendix C cancels out.

    Attributes:
        near: depth of the near plane, in units of the shared frame.
        low: least x / Z and y / Z.
        high: greatest x / Z and y / Z.
    """

    near: float = 1.0
    low: tuple[float, float] = (-1.0, -1.0)
    high: tuple[float, float] = (1.0, 1.0)

    def points(self, points: ArrayLike) -> NDArray[np.float64]:
        """Points of the shared frame, in front of it, in the field: [P, 3] to float64 [P, 3]."""
        x, y, z = np.asarray(points, np.float64).T
        return np.stack(self._map(x, y, z), axis=1)

    def unproject(self, points: ArrayLike) -> NDArray[np.float64]:
        """Points of the field back in the shared frame: [P, 3] to float64 [P, 3]; z = 1 gives infinity."""
        points = np.asarray(points, np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = self.near / (1 - points[:, 2])
            plane = np.asarray(self.low) + points[:, :2] * np.subtract(self.high, self.low)
            return np.concatenate([plane * depth[:, None], -depth[:, None]], axis=1)

    def rays(self, rays_o: jt.Var, rays_d: jt.Var) -> tuple[jt.Var, jt.Var]:
        """Rays of the shared frame as rays of the field, on the device.

        Args:
            rays_o: origins, float32 [R, 3].
            rays_d: directions of any length that point to -z, float32 [R, 3].

        Returns:
            Where each ray passes the near plane (or its origin, if that lies behind it), and unit directions.
        """
        starts, ends = self._ends(*_columns(rays_o), *_columns(rays_d))
        starts, ends = jt.stack(starts, dim=1), jt.stack(ends, dim=1)
        along = ends - starts
        directions = along / (along * along).sum(dim=1, keepdims=True).sqrt()
        return starts.stop_grad(), directions.stop_grad()

    def ends(self, rays_o: ArrayLike, rays_d: ArrayLike) -> tuple[NDArray, NDArray]:
        """Where rays of the shared frame begin in the field, and where they end at infinity, [R, 3] each."""
        found = self._ends(*_columns(np.asarray(rays_o)), *_columns(np.asarray(rays_d)))
        return tuple(np.stack(columns, axis=1) for columns in found)

    def _map(self, x: Column, y: Column, z: Column) -> tuple[Column, Column, Column]:
        unit_x = (x / -z - self.low[0]) * (1 / (self.high[0] - self.low[0]))
        unit_y = (y / -z - self.low[1]) * (1 / (self.high[1] - self.low[1]))
        return unit_x, unit_y, 1 + self.near / z

    def _ends(
        self, ox: Column, oy: Column, oz: Column, dx: Column, dy: Column, dz: Column
    ) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
        """Both ends of rays; plain arithmetic, so that it serves NumPy and Jittor."""
        t = (oz + self.near) / -dz
        t = 0.5 * (t + abs(t))  # max(t, 0)
        starts = self._map(ox + t * dx, oy + t * dy, oz + t * dz)
        far_x, far_y, _ = self._map(dx, dy, dz)
        return starts, (far_x, far_y, 0 * dz + 1)


@dataclass(frozen=True, eq=False)
class NDCCameras(Cameras):
    """Cameras whose poses are those of the shared frame, and whose rays are those of the field in NDC.

    Attributes:
        space: the field.
    """

    space: NDCSpace = NDCSpace()

    def rays(
        self, indices: NDArray[np.int32], x: NDArray[np.int32], y: NDArray[np.int32]
    ) -> tuple[jt.Var, jt.Var]:
        """Origins and unit directions in the field, float32 [R, 3] Vars; see ``Cameras``."""
        return self.space.rays(*super().rays(indices, x, y))

    def generate_rays(
        self, indices: ArrayLike, x: ArrayLike, y: ArrayLike
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """:meth:`rays` in NumPy; see ``Cameras``."""
        starts, ends = self.space.ends(*super().generate_rays(indices, x, y))
        directions = ends - starts
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        return starts.astype(np.float32), directions.astype(np.float32)

    def radii(self, indices: NDArray[np.int32], rays_d: jt.Var) -> None:
        """None: in NDC, pixels have no cones."""
        return None

    def project(self, points: ArrayLike, i: int) -> Projection:
        """Where camera ``i`` sees points of the field; see ``Cameras``."""
        return super().project(self.space.unproject(points), i)

    def pinholes(self) -> None:
        """None: no pinhole sees the field as these do."""
        return None


def fit_ndc(cameras: Cameras, near: float = 1.0) -> NDCSpace:
    """The NDC space whose unit box holds all that cameras see beyond the near plane.

    Args:
        cameras: in their shared frame, looking roughly along -z.
        near: depth of the near plane.

    Raises:
        DataError: a corner of an image looks too far away from -z.
    """
    space = NDCSpace(near)
    rays_o, rays_d = corner_rays(cameras)
    cosines = -rays_d[:, :, 2].max(axis=1)
    i = int(cosines.argmin())
    if cosines[i] < _MIN_COS:
        raise DataError(
            f"{cameras.names[i]}: a corner of the image looks {np.degrees(np.arccos(cosines[i])):.0f} degrees away "
            f"from the mean view direction, and NDC has room for less than {np.degrees(np.arccos(_MIN_COS)):.0f}: this "
            "capture does not face forward. Set dataset.space to 'spherify' or 'bounded'"
        )
    ends = np.stack(space.ends(rays_o.reshape(-1, 3), rays_d.reshape(-1, 3)))
    seen = (
        2 * ends[..., :2].reshape(-1, 2).astype(np.float64) - 1
    )  # x / Z, y / Z: undoes the default box
    return NDCSpace(near, tuple(seen.min(axis=0).tolist()), tuple(seen.max(axis=0).tolist()))


def _columns(vectors: Any) -> tuple[Column, Column, Column]:
    return vectors[:, 0], vectors[:, 1], vectors[:, 2]
