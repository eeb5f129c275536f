"""Solids: where a ray meets them, their normals, and the distance to them.

Spheres and discs are met analytically; the others by sphere tracing their exact distance function (Hart
1996) within their bounding box.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]

_MARCH_STEPS = 48
_NEWTON_STEPS = 10
_CONVERGED = np.float32(1e-5)
_ON_SURFACE = np.float32(5e-5)


class Shape(ABC):
    """A solid with a place and a rotation.

    Args:
        center: world position of the solid's own origin, [3].
        extent: half sizes of a box that holds the solid, in the solid's frame, [3].
        rotation: columns are the solid's axes in the world, [3, 3]; None for the world's axes.
    """

    def __init__(
        self, center: ArrayLike, extent: ArrayLike, rotation: ArrayLike | None = None
    ) -> None:
        self.center = np.asarray(center, np.float32)
        self.extent = np.asarray(extent, np.float32)
        self.rotation = None if rotation is None else np.asarray(rotation, np.float32)
        up = np.array([0, 0, 1]) if rotation is None else np.abs(self.rotation[2])
        self.top = self.center[2] + np.float32(up @ self.extent)

    def local(self, points: Floats) -> Floats:
        """World points in the solid's own frame, [P, 3]."""
        return self._turned(points - self.center)

    def intersect(self, rays_o: Floats, rays_d: Floats) -> Floats:
        """Distance along each ray to its first entry into the solid, [R]; infinity where there is none.

        Args:
            rays_o: origins outside the solid, [R, 3].
            rays_d: unit directions, [R, 3].
        """
        result = np.full(len(rays_o), np.inf, np.float32)
        origins, directions = self.local(rays_o), self._turned(rays_d)
        enter = np.zeros(len(rays_o), np.float32)
        leave = np.full(len(rays_o), np.inf, np.float32)
        for k in range(3):
            # A tiny slope instead of none: 0 / 0 would be NaN for rays along a face.
            slope = directions[:, k]
            inverse = 1 / np.where(np.abs(slope) < 1e-9, np.float32(1e-9), slope)
            middle, half = -origins[:, k] * inverse, np.abs(self.extent[k] * inverse)
            np.maximum(enter, middle - half, out=enter)
            np.minimum(leave, middle + half, out=leave)
        near = np.flatnonzero(enter < leave)
        if len(near):
            result[near] = self._march(origins[near], directions[near], enter[near], leave[near])
        return result

    def distance(self, points: Floats) -> Floats:
        """Signed distance from world points to the surface, negative inside, [P]."""
        return self._distance(self.local(points))

    def normal(self, points: Floats) -> Floats:
        """Outward unit normals at world points on the surface, [P, 3]."""
        normals = self._gradient(self.local(points))
        return normals if self.rotation is None else normals @ self.rotation.T

    @abstractmethod
    def _distance(self, q: Floats) -> Floats:
        """Signed distance in the solid's frame."""

    @abstractmethod
    def _gradient(self, q: Floats) -> Floats:
        """Unit gradient of the distance on or outside the surface, in the solid's frame."""

    def _turned(self, vectors: Floats) -> Floats:
        return vectors if self.rotation is None else vectors @ self.rotation

    def _march(self, origins: Floats, directions: Floats, t: Floats, t_end: Floats) -> Floats:
        """Sphere tracing from t to t_end; rays that are done leave the working set."""
        result = np.full(len(t), np.inf, np.float32)
        active = np.arange(len(t))
        for _ in range(_MARCH_STEPS):
            step = self._distance(origins + t[:, None] * directions)
            t = t + step
            arrived = step < _CONVERGED
            result[active[arrived]] = t[arrived]
            going = ~arrived & (t < t_end)
            active, t, t_end = active[going], t[going], t_end[going]
            origins, directions = origins[going], directions[going]
            if not len(active):
                return result
        result[active] = self._polished(origins, directions, t, t_end)
        return result

    def _polished(self, origins: Floats, directions: Floats, t: Floats, t_end: Floats) -> Floats:
        """Newton's method for rays that graze the surface, where sphere tracing creeps."""
        for _ in range(_NEWTON_STEPS):
            points = origins + t[:, None] * directions
            distance = self._distance(points)
            slope = np.einsum("ij,ij->i", self._gradient(points), directions)
            sinking = (slope < 0) & (t < t_end)
            t = np.where(sinking, t - distance / np.where(sinking, slope, -1), t)
        gap = np.abs(self._distance(origins + t[:, None] * directions))
        return np.where(gap < _ON_SURFACE, t, np.float32(np.inf))


class Sphere(Shape):
    """A ball.

    Args:
        center: its middle, [3].
        radius: its radius.
    """

    def __init__(self, center: ArrayLike, radius: float) -> None:
        super().__init__(center, [radius] * 3)
        self.radius = np.float32(radius)

    def intersect(self, rays_o: Floats, rays_d: Floats) -> Floats:
        offset = rays_o - self.center
        t_mid = -np.einsum("ij,ij->i", offset, rays_d)
        # The squared distance of the ray from the centre comes from the nearest point itself, which keeps
        # float32 exact where b^2 - c would cancel.
        nearest = offset + t_mid[:, None] * rays_d
        gap = self.radius**2 - np.einsum("ij,ij->i", nearest, nearest)
        t = t_mid - np.sqrt(np.maximum(gap, 0))
        return np.where((gap > 0) & (t > 0), t, np.float32(np.inf))

    def _distance(self, q: Floats) -> Floats:
        return np.sqrt(np.einsum("ij,ij->i", q, q)) - self.radius

    def _gradient(self, q: Floats) -> Floats:
        return q / np.linalg.norm(q, axis=1, keepdims=True)


class Disc(Shape):
    """A flat upright cylinder: the ground.

    Args:
        center: its middle, [3].
        disc_radius: of its rim.
        half_height: half its thickness.
    """

    def __init__(self, center: ArrayLike, disc_radius: float, half_height: float) -> None:
        super().__init__(center, (disc_radius, disc_radius, half_height))
        self.disc_radius = np.float32(disc_radius)
        self.half_height = np.float32(half_height)

    def intersect(self, rays_o: Floats, rays_d: Floats) -> Floats:
        o, d = self.local(rays_o), rays_d
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = np.stack([-self.half_height - o[:, 2], self.half_height - o[:, 2]]) / d[:, 2]
            a = d[:, 0] ** 2 + d[:, 1] ** 2
            t_mid = -(o[:, 0] * d[:, 0] + o[:, 1] * d[:, 1]) / a
            gap_x, gap_y = o[:, 0] + t_mid * d[:, 0], o[:, 1] + t_mid * d[:, 1]
            gap = self.disc_radius**2 - gap_x**2 - gap_y**2
            half = np.sqrt(gap / a)
            enter = np.maximum(ends.min(axis=0), t_mid - half)
            leave = np.minimum(ends.max(axis=0), t_mid + half)
            # Comparisons with NaN (rays along the axis or beside the rim) are False: no hit.
            return np.where((enter <= leave) & (enter > 0), enter, np.float32(np.inf))

    def _distance(self, q: Floats) -> Floats:
        radial = np.sqrt(q[:, 0] ** 2 + q[:, 1] ** 2) - self.disc_radius
        return _joined(radial, np.abs(q[:, 2]) - self.half_height)

    def _gradient(self, q: Floats) -> Floats:
        radial = np.hypot(q[:, 0], q[:, 1])
        on_rim = radial - self.disc_radius > np.abs(q[:, 2]) - self.half_height
        normals = np.zeros_like(q)
        normals[:, 2] = np.where(on_rim, 0, np.sign(q[:, 2]))
        rim = q[:, :2] / np.maximum(radial, 1e-6)[:, None]
        normals[:, :2] = np.where(on_rim[:, None], rim, 0)
        return normals


class RoundBox(Shape):
    """A box with rounded edges.

    Args:
        center: its middle, [3].
        half_sizes: half its outer edges, [3].
        rounding: radius of the edges.
        rotation: as in :class:`Shape`.
    """

    def __init__(
        self,
        center: ArrayLike,
        half_sizes: ArrayLike,
        rounding: float,
        rotation: ArrayLike | None = None,
    ) -> None:
        half = np.asarray(half_sizes, np.float32)
        super().__init__(center, half, rotation)
        self.core = half - np.float32(rounding)
        self.rounding = np.float32(rounding)

    def _distance(self, q: Floats) -> Floats:
        beyond = np.abs(q) - self.core
        outside = np.maximum(beyond, 0)
        largest = np.maximum(np.maximum(beyond[:, 0], beyond[:, 1]), beyond[:, 2])
        inside = np.minimum(largest, 0)
        return np.sqrt(np.einsum("ij,ij->i", outside, outside)) + inside - self.rounding

    def _gradient(self, q: Floats) -> Floats:
        # On the surface, the rounding away from the core, at least one component is beyond it.
        outside = np.maximum(np.abs(q) - self.core, 0) * np.sign(q)
        return outside / np.maximum(np.linalg.norm(outside, axis=1, keepdims=True), 1e-9)


class RoundCylinder(Shape):
    """An upright cylinder with rounded edges.

    Args:
        center: its middle, [3].
        outer_radius: of its side.
        half_height: half its outer height.
        rounding: radius of the edges.
        rotation: as in :class:`Shape`.
    """

    def __init__(
        self,
        center: ArrayLike,
        outer_radius: float,
        half_height: float,
        rounding: float,
        rotation: ArrayLike | None = None,
    ) -> None:
        super().__init__(center, (outer_radius, outer_radius, half_height), rotation)
        self.core = np.float32(outer_radius - rounding)
        self.core_height = np.float32(half_height - rounding)
        self.rounding = np.float32(rounding)

    def _distance(self, q: Floats) -> Floats:
        radial = np.sqrt(q[:, 0] ** 2 + q[:, 1] ** 2) - self.core
        return _joined(radial, np.abs(q[:, 2]) - self.core_height) - self.rounding

    def _gradient(self, q: Floats) -> Floats:
        radial = np.hypot(q[:, 0], q[:, 1])
        normals = np.empty_like(q)
        outward = np.maximum(radial - self.core, 0) / np.maximum(radial, 1e-6)
        normals[:, :2] = q[:, :2] * outward[:, None]
        normals[:, 2] = np.maximum(np.abs(q[:, 2]) - self.core_height, 0) * np.sign(q[:, 2])
        return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)


class Torus(Shape):
    """A ring in its own x-y plane.

    Args:
        center: its middle, [3].
        ring_radius: from the middle to the centre of the tube.
        tube_radius: of the tube.
        rotation: as in :class:`Shape`.
    """

    def __init__(
        self,
        center: ArrayLike,
        ring_radius: float,
        tube_radius: float,
        rotation: ArrayLike | None = None,
    ) -> None:
        outer = ring_radius + tube_radius
        super().__init__(center, (outer, outer, tube_radius), rotation)
        self.ring_radius = np.float32(ring_radius)
        self.tube_radius = np.float32(tube_radius)

    def _distance(self, q: Floats) -> Floats:
        radial = np.sqrt(q[:, 0] ** 2 + q[:, 1] ** 2) - self.ring_radius
        return np.sqrt(radial * radial + q[:, 2] ** 2) - self.tube_radius

    def _gradient(self, q: Floats) -> Floats:
        radial = np.maximum(np.hypot(q[:, 0], q[:, 1]), 1e-6)
        normals = q.copy()
        normals[:, :2] *= (1 - self.ring_radius / radial)[:, None]
        return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def _joined(radial: Floats, axial: Floats) -> Floats:
    """Signed distance to where both are negative, given the distances to each."""
    outside = np.sqrt(np.maximum(radial, 0) ** 2 + np.maximum(axial, 0) ** 2)
    return outside + np.minimum(np.maximum(radial, axial), 0)


@dataclass(frozen=True)
class Hits:
    """First hits of R rays among several solids.

    Attributes:
        t: distance along the ray, float32 [R]; infinity where nothing is hit.
        solid: number of the solid, int8 [R]; -1 where nothing is hit.
    """

    t: Floats
    solid: NDArray[np.int8]


def first_hits(shapes: list[Shape], rays_o: Floats, rays_d: Floats) -> Hits:
    """The nearest of several solids along each ray."""
    t = np.full(len(rays_o), np.inf, np.float32)
    solid = np.full(len(rays_o), -1, np.int8)
    for i, shape in enumerate(shapes):
        found = shape.intersect(rays_o, rays_d)
        closer = found < t
        t = np.where(closer, found, t)
        solid[closer] = i
    return Hits(t, solid)


def any_hit(shapes: list[Shape], rays_o: Floats, rays_d: Floats) -> NDArray[np.bool_]:
    """Whether each ray meets any solid at all, bool [R]."""
    blocked = np.zeros(len(rays_o), bool)
    rising = rays_d[:, 2] > 0
    for shape in shapes:
        # What starts above a solid and climbs cannot meet it: most rays to the lamp, for the ground.
        free = np.flatnonzero(~blocked & ~(rising & (rays_o[:, 2] > shape.top)))
        blocked[free] = np.isfinite(shape.intersect(rays_o[free], rays_d[free]))
    return blocked
