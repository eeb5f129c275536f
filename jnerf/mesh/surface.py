"""Triangles of a volume's zero level, and what of them is kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jnerf.mesh.libraries import library


@dataclass(frozen=True, eq=False)
class Surface:
    """A triangle mesh on a lattice.

    Attributes:
        vertices: between the lattice's points, in units of their indices, float64 [V, 3].
        faces: three vertices each, counter-clockwise seen from outside, int32 [F, 3].
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]

    def only(self, kept: NDArray[np.bool_]) -> Surface:
        """Without the faces that ``kept``, bool [F], is false for, and without vertices that no face has."""
        faces = self.faces[kept]
        used = np.zeros(len(self.vertices), bool)
        used[faces] = True
        numbers = (np.cumsum(used) - 1).astype(np.int32)
        return Surface(self.vertices[used], numbers[faces])

    def within(self, inside: NDArray[np.bool_]) -> Surface:
        """Only faces whose three vertices are inside, bool [V]."""
        return self.only(inside[self.faces].all(axis=1))

    def parts(self) -> NDArray[np.int32]:
        """The number of the connected part that each face belongs to, int32 [F]."""
        graph = library("scipy.sparse.csgraph")
        matrix = library("scipy.sparse").coo_matrix
        pairs = np.concatenate([self.faces[:, :2], self.faces[:, 1:]])
        ones, n = np.ones(len(pairs), bool), len(self.vertices)
        found = graph.connected_components(matrix((ones, pairs.T), (n, n)), directed=False)[1]
        return found[self.faces[:, 0]]

    def largest_part(self) -> Surface:
        """Only the connected part that has the most faces."""
        if not len(self.faces):
            return self
        parts = self.parts()
        return self.only(parts == np.bincount(parts).argmax())

    def large_parts(self, min_faces: int = 0, min_size: float = 0.0) -> Surface:
        """Only connected parts that have so many faces, and whose bounding box has so long a diagonal.

        Args:
            min_faces: faces.
            min_size: in units of the vertices.
        """
        if not len(self.faces):
            return self
        parts = self.parts()
        large = np.bincount(parts) >= min_faces
        if min_size > 0:
            low, high = np.full((len(large), 3), np.inf), np.full((len(large), 3), -np.inf)
            for corner in self.faces.T:
                np.minimum.at(low, parts, self.vertices[corner])
                np.maximum.at(high, parts, self.vertices[corner])
            with np.errstate(invalid="ignore"):  # numbers of vertices without a face have no box
                large &= np.linalg.norm(high - low, axis=1) >= min_size
        return self.only(large[parts])
