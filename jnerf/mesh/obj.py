"""Wavefront OBJ as text, some thousand lines at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROWS = 2**16  # of text made at once


def obj_files(path: Path) -> list[Path]:
    """The files of a mesh with a picture: itself, its materials, the picture."""
    return [path, path.with_suffix(".mtl"), path.with_suffix(".png")]


def obj_lines(mesh: Any, materials: str | None = None) -> Iterator[bytes]:
    """The text of a ``trimesh.Trimesh``: vertices and faces, counted from 1.

    Args:
        mesh: with colours of its vertices, ``v x y z r g b`` in [0, 1], with none, or with a picture, whose ``vt`` and
            normals then are in it too.
        materials: name of the file that names the picture.
    """
    vertices, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces) + 1
    if mesh.visual.kind == "vertex":
        colors = np.asarray(mesh.visual.vertex_colors)[:, :3] / 255
        yield from _lines("v %.8g %.8g %.8g %.5g %.5g %.5g\n", np.hstack([vertices, colors]))
    else:
        yield from _lines("v %.8g %.8g %.8g\n", vertices)
    if materials is None:
        yield from _lines("f %d %d %d\n", faces)
        return
    yield from _lines("vt %.7g %.7g\n", np.asarray(mesh.visual.uv))
    yield from _lines("vn %.5g %.5g %.5g\n", np.asarray(mesh.vertex_normals))
    yield f"mtllib {materials}\nusemtl field\n".encode()
    yield from _lines("f %d/%d/%d %d/%d/%d %d/%d/%d\n", np.repeat(faces, 3, axis=1))


def _lines(form: str, rows: NDArray) -> Iterator[bytes]:
    """``form`` of each row, many at a time."""
    for first in range(0, len(rows), _ROWS):
        part = rows[first : first + _ROWS]
        yield (form * len(part) % tuple(part.ravel().tolist())).encode()
