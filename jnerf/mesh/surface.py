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
        faces: three vertices each, counter-clockwise seen from outside, int64 [F, 3].
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]

    def only(self, kept: NDArray[np.bool_]) -> Surface:
        """Without the faces that ``kept``, bool [F], is false for, and without vertices that no face has."""
        faces = self.faces[kept]
        used = np.zeros(len(self.vertices), bool)
        used[faces] = True
        return Surface(self.vertices[used], (np.cumsum(used) - 1)[faces])

    def within(self, inside: NDArray[np.bool_]) -> Surface:
        """Only faces whose three vertices are inside, bool [V]."""
        return self.only(inside[self.faces].all(axis=1))

    def largest_part(self) -> Surface:
        """Only the connected part that has the most faces."""
        if not len(self.faces):
            return self
        graph = library("scipy.sparse.csgraph")
        matrix = library("scipy.sparse").coo_matrix
        pairs = np.concatenate([self.faces[:, [0, 1]], self.faces[:, [1, 2]]])
        ones, n = np.ones(len(pairs), bool), len(self.vertices)
        parts = graph.connected_components(matrix((ones, pairs.T), (n, n)), directed=False)[1]
        of_faces = parts[self.faces[:, 0]]
        return self.only(of_faces == np.bincount(of_faces).argmax())


def zero_level(volume: NDArray[np.float32]) -> Surface:
    """The surface between positive (inside) and negative values: Lewiner et al. 2003, by scikit-image.

    Args:
        volume: values at the points of a lattice, nowhere 0, float32 [Nx, Ny, Nz].

    Returns:
        No vertices where the sign never changes.
    """
    if not volume.min() < 0 < volume.max():
        return Surface(np.empty((0, 3)), np.empty((0, 3), np.int64))
    measure = library("skimage.measure")
    # It thinks in (z, y, x), where the other direction would be right.
    vertices, faces, _, _ = measure.marching_cubes(volume, 0.0, gradient_direction="ascent")
    return Surface(vertices.astype(np.float64), faces.astype(np.int64))
