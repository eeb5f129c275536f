"""Normals of vertices: the faces' around them, by area."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FACES = 2**18  # at once


def vertex_normals(
    vertices: NDArray[np.float64], faces: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Unit normals of a mesh's vertices, 0 where the faces around one have no area.

    Args:
        vertices: [V, 3].
        faces: counter-clockwise seen from outside, int [F, 3].

    Returns:
        Outward, float32 [V, 3].
    """
    sums = np.zeros((len(vertices), 3))
    for first in range(0, len(faces), _FACES):
        part = faces[first : first + _FACES]
        a, b, c = (vertices[corner] for corner in part.T)
        areas = np.cross(b - a, c - a)
        for corner in part.T:
            for k in range(3):
                np.add.at(sums[:, k], corner, areas[:, k])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return (sums / np.where(lengths > 0, lengths, 1)).astype(np.float32)
