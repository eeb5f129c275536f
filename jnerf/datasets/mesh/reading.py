"""Files of triangle meshes: OBJ here, all others by the library trimesh."""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path

import numpy as np

from jnerf.checks.suggest import hint
from jnerf.datasets.files.paths import no_scene, scene_path
from jnerf.datasets.mesh.obj import read_obj
from jnerf.datasets.mesh.triangles import Triangles, checked
from jnerf.errors import DataError

#: Suffixes that are read.
SUFFIXES = (".obj", ".ply", ".stl", ".off", ".glb", ".gltf")


def read_mesh(root: str) -> Triangles:
    """The triangles of a file, in the order in which they stand there.

    Args:
        root: absolute, or relative as scenes are.

    Raises:
        DataError: the file is missing, of no kind that is read, damaged, or no mesh; or trimesh is missing.
    """
    path = scene_path(root)
    if not path.is_file():
        what = "is a folder: name the mesh's file" if path.is_dir() else "not found"
        more = (
            "" if path.is_dir() else f": looked for {path.absolute()}. {no_scene(path.absolute())}"
        )
        raise DataError(f"mesh '{root}' {what}{more}")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(f"mesh {path}: the suffix says the format. {hint(suffix, SUFFIXES)}")
    try:
        found = read_obj(path) if suffix == ".obj" else _by_trimesh(path)
    except OSError as error:
        raise DataError(f"mesh {path} cannot be read: {error}") from error
    return checked(found, path)


def _by_trimesh(path: Path) -> Triangles:
    try:
        trimesh = importlib.import_module("trimesh")
    except ImportError as error:
        raise DataError(
            f"mesh {path}: {path.suffix} is read by the library trimesh, which cannot be imported ({error}). Run: "
            "python -m pip install trimesh, or give the mesh as .obj"
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = trimesh.load_mesh(path, process=False)
            vertices, faces = np.array(found.vertices), np.array(found.faces)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a library raises for a damaged file
        raise DataError(
            f"mesh {path} is damaged, cut off, or no {path.suffix} of triangles: {type(error).__name__}: {error}"[
                :400
            ]
        ) from error
    return Triangles(
        vertices.reshape(-1, 3).astype(np.float64), faces.reshape(-1, 3).astype(np.int64)
    )
