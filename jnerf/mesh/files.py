"""Mesh files: binary PLY and Wavefront OBJ, with colours, whole or not there.

PLY is written by trimesh. OBJ is not: trimesh holds the whole text several times in memory, a gigabyte for a million
vertices.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jnerf.checks.suggest import hint
from jnerf.engine.files import write_atomic
from jnerf.errors import ConfigError, JnerfError

SUFFIXES = (".ply", ".obj")
# Bytes of a vertex and of a face: PLY holds 6 floats and 4 bytes, and 13 bytes; OBJ some 75 and 27 letters.
_BYTES = {".ply": (28, 13), ".obj": (75, 27)}
_ROWS = 2**16  # of text made at once


def check_outputs(paths: list[Path]) -> None:
    """Makes the folders of files to be written, so that nothing is computed in vain.

    Raises:
        ConfigError: a suffix is unknown.
        JnerfError: a folder cannot be made or written.
    """
    for path in paths:
        if path.suffix.lower() not in SUFFIXES:
            suffixes = hint(path.suffix, SUFFIXES)
            raise ConfigError(f"--output {path}: the suffix says the format. {suffixes}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _cannot_write(path, str(error)) from error
        if path.is_dir() or not os.access(path.parent, os.W_OK):
            reason = "it is a folder" if path.is_dir() else "its folder is not writable"
            raise _cannot_write(path, reason)


def write_mesh(mesh: Any, path: Path) -> None:
    """Writes a ``trimesh.Trimesh`` with its vertex colours; PLY also holds its normals.

    Args:
        mesh: what to write.
        path: ``.ply`` or ``.obj``; replaced if it is there.

    Raises:
        JnerfError: the disk is full or refuses; an old file is still as it was.
    """
    suffix = path.suffix.lower()
    per_vertex, per_face = _BYTES[suffix]
    needed = per_vertex * len(mesh.vertices) + per_face * len(mesh.faces)
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        sizes = f"it needs about {needed / 2**20:.0f} MiB and {free / 2**20:.0f} MiB are free"
        raise _cannot_write(path, sizes)
    if suffix == ".ply":
        parts: Iterable[bytes] = [mesh.export(file_type="ply", vertex_normal=True)]
    else:
        parts = _obj(mesh)
    try:
        write_atomic(path, lambda temporary: _write(temporary, parts))
    except OSError as error:
        raise _cannot_write(path, str(error)) from error


def _obj(mesh: Any) -> Iterator[bytes]:
    """Lines ``v x y z [r g b]`` and ``f i j k``, the colours in [0, 1], vertices counted from 1."""
    vertices = np.asarray(mesh.vertices)
    if mesh.visual.kind == "vertex":
        colors = np.asarray(mesh.visual.vertex_colors)[:, :3] / 255
        yield from _lines("v %.8g %.8g %.8g %.5g %.5g %.5g\n", np.hstack([vertices, colors]))
    else:
        yield from _lines("v %.8g %.8g %.8g\n", vertices)
    yield from _lines("f %d %d %d\n", np.asarray(mesh.faces) + 1)


def _lines(form: str, rows: NDArray) -> Iterator[bytes]:
    """``form`` of each row, many at a time."""
    for first in range(0, len(rows), _ROWS):
        part = rows[first : first + _ROWS]
        yield (form * len(part) % tuple(part.ravel().tolist())).encode()


def _write(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        for part in parts:
            file.write(part)


def _cannot_write(path: Path, reason: str) -> JnerfError:
    return JnerfError(
        f"cannot write {path}: {reason}. Free disk space, lower --resolution, or choose another path with --output"
    )
