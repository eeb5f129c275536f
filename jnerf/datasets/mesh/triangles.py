"""A triangle mesh as it was read, and what every one must be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.errors import DataError


@dataclass(frozen=True, eq=False)
class Triangles:
    """A triangle mesh.

    Attributes:
        vertices: world units, float64 [V, 3].
        faces: three vertices each, counter-clockwise seen from outside, int64 [F, 3].
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]

    @property
    def corners(self) -> NDArray[np.float64]:
        """Of each triangle, [F, 3, 3]."""
        return self.vertices[self.faces]

    @property
    def normals(self) -> NDArray[np.float64]:
        """Of each triangle, as long as twice its area, [F, 3]."""
        a, b, c = self.corners.transpose(1, 0, 2)
        return np.cross(b - a, c - a)

    def flipped(self, which: NDArray[np.bool_] | slice = slice(None)) -> Triangles:
        """With triangles turned round: all, or those of ``which``, bool [F]."""
        faces = self.faces.copy()
        faces[which] = faces[which][:, ::-1]
        return Triangles(self.vertices, faces)


def checked(mesh: Triangles, path: Path) -> Triangles:
    """A mesh with the vertices that its triangles have, and without triangles of one vertex twice.

    Args:
        mesh: as it was read.
        path: of the file, for messages.

    Raises:
        DataError: it has no triangle, one of a vertex that there is not, or a vertex that is not finite; or all lies in
            one place.
    """
    vertices, faces = mesh.vertices, mesh.faces
    if not len(faces):
        what = f"{len(vertices)} vertices and no face" if len(vertices) else "no vertex and no face"
        raise DataError(f"mesh {path}: {what}. A distance needs a surface: give a triangle mesh")
    wrong = (faces < 0) | (faces >= len(vertices))
    if wrong.any():
        i = int(wrong.any(axis=1).argmax())
        raise DataError(
            f"mesh {path}: face {i + 1} is of vertex {int(faces[wrong][0]) + 1}, and there are {len(vertices)} (both "
            "counted from 1). The file is damaged or cut off: export it again"
        )
    used = np.zeros(len(vertices), bool)
    used[faces] = True
    bad = used & ~np.isfinite(vertices).all(axis=1)
    if bad.any():
        i = int(bad.argmax())
        raise DataError(
            f"mesh {path}: vertex {i + 1} is {vertices[i].tolist()}, and {int(bad.sum())} in all are not finite. "
            "Remove them from the mesh"
        )
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (c != a)]
    found = Triangles(vertices[used], (np.cumsum(used) - 1)[faces])
    if not len(faces) or not (np.ptp(found.vertices, axis=0) > 0).any():
        raise DataError(
            f"mesh {path}: all of its {len(mesh.faces)} faces are single points or have one vertex twice. Is a scale 0?"
        )
    return found
