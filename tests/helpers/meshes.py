"""Small meshes by formula, whose distances and sides are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: A cube of edge 1 around the origin, and its twelve triangles, counter-clockwise seen from outside.
CUBE = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
CUBE_FACES = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
     [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
)  # fmt: skip

Mesh = tuple[NDArray[np.float64], NDArray[np.int64]]


def torus(n: int = 32, m: int = 16, radius: float = 1.0, tube: float = 0.25) -> Mesh:
    """A torus around the y axis, its vertices exactly on it."""
    u, v = np.meshgrid(np.arange(n) * 2 * np.pi / n, np.arange(m) * 2 * np.pi / m, indexing="ij")
    ring = radius + tube * np.cos(v)
    points = np.stack([ring * np.cos(u), tube * np.sin(v), ring * np.sin(u)], axis=-1)
    i, j = np.meshgrid(np.arange(n), np.arange(m), indexing="ij")

    def at(a: NDArray, b: NDArray) -> NDArray:
        return (a % n * m + b % m).reshape(-1)

    a, b, c, d = at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)
    faces = np.concatenate([np.stack([a, d, c], 1), np.stack([a, c, b], 1)])
    return points.reshape(-1, 3), faces


def torus_distance(points: ArrayLike, radius: float = 1.0, tube: float = 0.25) -> NDArray:
    """The torus's signed distance, [P]."""
    x, y, z = np.asarray(points, np.float64).T
    return np.hypot(np.hypot(x, z) - radius, y) - tube


def cube_distance(points: ArrayLike, half: float = 0.5) -> NDArray:
    """A cube's signed distance, [P]."""
    off = np.abs(np.asarray(points, np.float64)) - half
    return np.linalg.norm(np.maximum(off, 0), axis=1) + np.minimum(off.max(axis=1), 0)


def write_obj(path: Path, vertices: ArrayLike, faces: ArrayLike) -> Path:
    """Writes a mesh as OBJ; its file."""
    lines = [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in np.asarray(vertices).tolist()]
    lines += ["f " + " ".join(str(i + 1) for i in face) for face in np.asarray(faces).tolist()]
    path.write_text("\n".join(lines) + "\n")
    return path
