"""A scene that COLMAP has done already: its model and its images, wherever they lie."""

from __future__ import annotations

import shutil
from pathlib import Path, PureWindowsPath

from jnerf.capture.sources.picture import Picture
from jnerf.capture.sources.pictures import in_threads
from jnerf.datasets.colmap.model import ModelPlace, find_model, read_model
from jnerf.datasets.colmap.model.frames import Frames, find_frames
from jnerf.datasets.files.paths import nearby
from jnerf.datasets.pictures.image_folder import find_folder
from jnerf.datasets.pictures.lookup import portable
from jnerf.errors import DataError
from jnerf.files import write_atomic

_FOLDERS = ("images", "image", "input", ".")


def find_scene(source: Path) -> tuple[ModelPlace, Frames]:
    """The model below a folder, and those of its images that are there.

    Raises:
        DataError: there is no model, or none of its images.
    """
    if not source.is_dir():
        raise DataError(f"COLMAP scene {source} not found. {nearby(source.absolute())}")
    place = find_model(source, None)
    model = read_model(place.folder, place.suffix)
    folder = find_folder(source, *_FOLDERS) or source
    return place, find_frames(model, folder, drop_missing=True)


def gather_model(source: Path, images: Path, sparse: Path) -> list[Picture]:
    """Copies a model and its images into the scene, as they are: poses belong to the pixels as they are stored.

    Args:
        source: the folder that holds both.
        images: the scene's folder of pictures.
        sparse: the scene's folder of the model.

    Raises:
        DataError: see :func:`find_scene`; or an image's name leads out of the folder of pictures.
    """
    place, frames = find_scene(source)
    names = [_inside(frames.model.folder, image.name) for image in frames.images]

    def copy(i: int) -> None:
        target = images / names[i]
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(target, lambda path: shutil.copyfile(frames.paths[i], path))

    in_threads(copy, range(len(names)), "copying pictures")
    copy_model(place.folder, sparse)
    return [Picture(name) for name in names]


def _inside(model: Path, name: str) -> str:
    """An image's path below the scene's folder of pictures."""
    path = portable(name)
    if PureWindowsPath(path).anchor or ".." in PureWindowsPath(path).parts:
        raise DataError(
            f"{model}: image '{name}' has a name that leads out of the images' folder, so that it cannot be copied: "
            "name the images in the model by their paths below one folder, or train on the scene as it is"
        )
    return path


def copy_model(source: Path, target: Path) -> None:
    """Copies the files of a model, so that a half-written one never stands for a whole one.

    Args:
        source: its folder.
        target: folder of the copy, which is replaced.
    """
    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for path in sorted(source.iterdir()):
        if path.is_file() and path.suffix in (".bin", ".txt"):
            shutil.copyfile(path, fresh / path.name)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
