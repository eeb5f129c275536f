"""Mesh files: binary PLY and Wavefront OBJ, with colours, whole or not there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from jnerf.checks.suggest import hint
from jnerf.engine.files import write_atomic
from jnerf.errors import ConfigError, JnerfError

SUFFIXES = (".ply", ".obj")
# Bytes of a vertex and of a face: PLY holds 6 floats and 4 bytes, and 13 bytes; OBJ some 75 and 27 letters.
_BYTES = {".ply": (28, 13), ".obj": (75, 27)}


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
    options = {"vertex_normal": True} if suffix == ".ply" else {"include_normals": False}
    if suffix == ".obj":
        options["header"] = None
    data = mesh.export(file_type=suffix[1:], **options)
    content = data.encode() if isinstance(data, str) else data
    try:
        write_atomic(path, lambda temporary: _write(temporary, content))
    except OSError as error:
        raise _cannot_write(path, str(error)) from error


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _cannot_write(path: Path, reason: str) -> JnerfError:
    return JnerfError(
        f"cannot write {path}: {reason}. Free disk space, lower --resolution, or choose another path with --output"
    )
