"""Mesh files: binary PLY, Wavefront OBJ and GLB, whole or not there.

PLY and GLB are written by trimesh. OBJ is not: trimesh holds the whole text several times in memory, a gigabyte for a
million vertices.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jnerf.checks.suggest import hint
from jnerf.errors import ConfigError, JnerfError
from jnerf.files import check_writable, write_atomic
from jnerf.mesh.obj import obj_files, obj_lines

SUFFIXES = (".ply", ".obj", ".glb")
# Bytes of a vertex and of a face: PLY holds 6 floats and 4 bytes, and 13 bytes; OBJ some 75 and 27 letters; GLB 6
# floats and 4 or 8 bytes, and 12 bytes.
_BYTES = {".ply": (28, 13), ".obj": (75, 27), ".glb": (32, 12)}


def check_outputs(
    paths: list[Path],
    textured: bool = False,
    force: bool = True,
    suffixes: tuple[str, ...] = SUFFIXES,
) -> None:
    """Makes the folders of files to be written, so that nothing is computed in vain.

    Args:
        paths: the files.
        textured: the mesh will have a picture.
        force: files that are there may be replaced.
        suffixes: that are known.

    Raises:
        ConfigError: a suffix is unknown or holds no picture, a file is there already, or its
            folder cannot be made or written.
    """
    for path in paths:
        if path.suffix.lower() not in suffixes:
            known = hint(path.suffix, suffixes)
            raise ConfigError(f"--output {path}: the suffix says the format. {known}")
        if textured and path.suffix.lower() == ".ply":
            raise ConfigError(
                f"--output {path}: .ply holds no picture, so it does not go with --texture. Use .glb or .obj"
            )
        beside = obj_files(path) if textured and path.suffix.lower() == ".obj" else [path]
        there = [file for file in beside if file.is_file()]
        if there and not force:
            raise ConfigError(f"{there[0]} is there already: say --force to replace it")
        if path.is_dir():
            raise ConfigError(f"cannot write {path}: it is a folder. Name a file with --output")
        check_writable(path, "--output")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"cannot write {path}: {error}. Choose another place with --output"
            ) from error


def write_mesh(mesh: Any, path: Path) -> list[Path]:
    """Writes a ``trimesh.Trimesh`` with its colours: of the vertices, or a picture.

    Args:
        mesh: what to write.
        path: ``.ply``, ``.obj`` or ``.glb``; replaced if it is there. PLY and GLB hold normals too. A picture of OBJ
            lies beside it, ``NAME.png``, with ``NAME.mtl``.

    Returns:
        The files, that of the mesh first.

    Raises:
        JnerfError: the disk is full or refuses; an old file is still as it was.
    """
    suffix = path.suffix.lower()
    per_vertex, per_face = _BYTES[suffix]
    _check_room(path, per_vertex * len(mesh.vertices) + per_face * len(mesh.faces))
    if suffix == ".obj":
        return _write_obj(mesh, path)
    if suffix == ".ply":
        parts = [mesh.export(file_type="ply", vertex_normal=True)]
    else:
        parts = [_glb(mesh)]
    write_file(path, lambda temporary: _write(temporary, parts))
    return [path]


def write_file(path: Path, write: Callable[[Path], None]) -> None:
    """:func:`write_atomic`, whose errors name the file and the flag.

    Raises:
        JnerfError: the disk is full or refuses; an old file is still as it was.
    """
    try:
        write_atomic(path, write)
    except OSError as error:
        raise _cannot_write(path, str(error)) from error


def _write_obj(mesh: Any, path: Path) -> list[Path]:
    if mesh.visual.kind != "texture":
        write_file(path, lambda temporary: _write(temporary, obj_lines(mesh)))
        return [path]
    files = obj_files(path)
    _, materials, picture = files
    # The mesh comes last: it names the others.
    write_file(
        picture, lambda to: mesh.visual.material.baseColorTexture.save(to, "png", optimize=False)
    )
    text = f"newmtl field\nKa 0 0 0\nKd 1 1 1\nKs 0 0 0\nillum 1\nmap_Kd {picture.name}\n"
    write_file(materials, lambda temporary: _write(temporary, [text.encode()]))
    write_file(path, lambda temporary: _write(temporary, obj_lines(mesh, materials.name)))
    return files


def _glb(mesh: Any) -> bytes:
    """The bytes of a GLB file. Colours of vertices are linear there, those of pictures are sRGB."""
    if mesh.visual.kind == "vertex":
        mesh = mesh.copy()
        colors = np.array(mesh.visual.vertex_colors)
        colors[:, :3] = _linear(colors[:, :3])
        mesh.visual.vertex_colors = colors
    return mesh.export(file_type="glb", include_normals=True)


def _linear(srgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Linear light of sRGB values, 255 being all of it."""
    values = np.arange(256) / 255
    table = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return (table * 255 + 0.5).astype(np.uint8)[srgb]


def _check_room(path: Path, needed: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        sizes = f"it needs about {needed / 2**20:.0f} MiB and {free / 2**20:.0f} MiB are free"
        raise _cannot_write(path, sizes)


def _write(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        for part in parts:
            file.write(part)


def _cannot_write(path: Path, reason: str) -> JnerfError:
    return JnerfError(
        f"cannot write {path}: {reason}. Free disk space, lower --resolution, or choose another path with --output"
    )
