"""The true distance of a mesh in field units: what training and judges ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.mesh.solid import Solid
from jnerf.datasets.placement.similarity import Similarity
from jnerf.ops.mesh_distance import MeshTree, mesh_distance, mesh_tree

Floats = NDArray[np.float32]
_AT_ONCE = 2**18


@dataclass(frozen=True, eq=False)
class Truth:
    """A solid in the field.

    Attributes:
        solid: the mesh, world units.
        transform: world to field.
        box: of the mesh, (lows, highs), with a margin, field units, float32 [6].
    """

    solid: Solid
    transform: Similarity
    box: Floats

    @cached_property
    def vertices(self) -> NDArray[np.float64]:
        """Field units, [V, 3]."""
        return self.transform.points(self.solid.mesh.vertices)

    @property
    def faces(self) -> NDArray[np.int64]:
        """Vertices of each triangle, [F, 3]."""
        return self.solid.mesh.faces

    @cached_property
    def tree(self) -> MeshTree:
        """The mesh in field units as the kernels walk through it."""
        return mesh_tree(self.vertices, self.faces)

    @cached_property
    def _kept(self) -> dict[int, Floats]:
        return {}

    @cached_property
    def _areas(self) -> NDArray[np.float64]:
        """Running sums of the triangles' shares of the surface, [F]."""
        areas = np.cumsum(np.linalg.norm(self.solid.mesh.normals, axis=1))
        return areas / areas[-1]

    def distances(self, points: Floats, bounds: Floats | None = None) -> Floats:
        """Signed distances of points [P, 3], negative inside, field units [P].

        Args:
            points: field units.
            bounds: distances that are not exceeded, [P]; None: not known.
        """
        parts = []
        for first in range(0, len(points), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            most = None if bounds is None else jt.array(bounds[part])
            with jt.no_grad():
                found = mesh_distance(jt.array(points[part]), self.tree, self.solid.side, most)
            parts.append(found.distances.numpy())
        return np.concatenate(parts) if parts else np.empty(0, np.float32)

    def volume_distances(self, n: int, points: Floats) -> Floats:
        """Those of the points that judge, kept: a run is judged many times by the same. [n]"""
        if n not in self._kept:
            self._kept[n] = self.distances(points)
        return self._kept[n]

    def on_surface(self, pick: NDArray, u: NDArray, v: NDArray) -> tuple[Floats, NDArray[np.int64]]:
        """Points spread evenly over the surface, and the triangles that they are on.

        Args:
            pick: which triangle, of [0, 1), float64 [P].
            u: where on it, of [0, 1), [P].
            v: the same.

        Returns:
            float32 [P, 3], int [P].
        """
        faces = np.minimum(np.searchsorted(self._areas, pick, side="right"), len(self._areas) - 1)
        a, b, c = self.vertices[self.faces[faces]].transpose(1, 0, 2)
        root = np.sqrt(u)[:, None]
        points = a + root * ((b - a) + v[:, None] * (c - b))
        return points.astype(np.float32), faces
