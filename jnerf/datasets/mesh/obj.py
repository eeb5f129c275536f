"""Wavefront OBJ: vertices and faces; all else of it says how a mesh looks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from jnerf.datasets.files.text_files import read_text
from jnerf.datasets.mesh.triangles import Triangles
from jnerf.errors import DataError

_MOST = 2**62  # vertices: what an int64 holds


def read_obj(path: Path) -> Triangles:
    """The triangles of a file; polygons become fans around their first vertex.

    Raises:
        OSError: the file cannot be read.
        DataError: a line of a vertex or face is none; says which.
    """
    vertices: list[tuple[float, float, float]] = []
    faces: list[tuple[int, int, int]] = []
    for number, line in enumerate(read_text(path).replace("\\\n", " ").split("\n"), 1):
        words = line.split()
        if not words or words[0] not in ("v", "f"):
            continue
        try:
            if words[0] == "v":
                x, y, z = words[1:4]
                vertices.append((float(x), float(y), float(z)))
                continue
            corners = [int(word.partition("/")[0]) for word in words[1:]]
            if len(corners) < 3 or 0 in corners or max(map(abs, corners)) > _MOST:
                raise ValueError
        except ValueError:
            what = "three numbers" if words[0] == "v" else "three vertices or more, from 1 on"
            raise DataError(
                f"mesh {path}: line {number} is {line.strip()[:60]!r}; a line '{words[0]}' has {what}. The file is "
                "damaged or cut off"
            ) from None
        first, *rest = (c - 1 if c > 0 else len(vertices) + c for c in corners)
        faces += [(first, *pair) for pair in zip(rest, rest[1:], strict=False)]
    return Triangles(np.array(vertices).reshape(-1, 3), np.array(faces, np.int64).reshape(-1, 3))
