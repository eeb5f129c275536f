"""The images of a sparse model that are on disk, and what a dataset needs to know of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from os.path import isfile
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.lenses import LensModel, lens_of
from jnerf.datasets.cameras.units import in_pixels
from jnerf.datasets.colmap.model.cameras import camera_intrinsics, camera_lens
from jnerf.datasets.colmap.model.model import SparseModel
from jnerf.datasets.colmap.model.parts import ColmapImage
from jnerf.datasets.files.paths import nearby
from jnerf.datasets.pictures.decoding import same_shape
from jnerf.datasets.pictures.formats import READ
from jnerf.datasets.pictures.headers import stored_sizes
from jnerf.datasets.pictures.image_folder import held_out, rescaled
from jnerf.datasets.pictures.lookup import find_named, portable
from jnerf.datasets.pictures.masks import MaskFile
from jnerf.datasets.pictures.orientation import upright_sizes
from jnerf.errors import DataError

_WIDE = ("fisheye", "equirectangular")  # lenses that see any angle


@dataclass(frozen=True, eq=False)
class Frames:
    """N images of a sparse model.

    Attributes:
        model: that they are part of.
        folder: where their files are.
        images: in the order of their names.
        paths: the N files.
        dropped: how many of the model's images were left out, by reason.
    """

    model: SparseModel
    folder: Path
    images: tuple[ColmapImage, ...]
    paths: tuple[Path, ...]
    dropped: Mapping[str, int] = field(default_factory=dict)

    def split(self, split: str, holdout: int) -> Frames:
        """Every ``holdout``-th image, or for ``train`` the others; all if it is 0.

        Raises:
            DataError: none is left.
        """
        try:
            chosen = held_out(len(self.images), holdout, split)
        except DataError as error:
            raise DataError(f"{self.model.folder}: {error}") from None
        return self.select(chosen, "in other splits")

    def select(self, indices: Iterable[int], reason: str) -> Frames:
        """Some of the images, in the order of the indices; ``reason`` is why the others are left out."""
        indices = list(indices)
        images = tuple(self.images[i] for i in indices)
        dropped = {**self.dropped, reason: len(self.images) - len(images)}
        paths = tuple(self.paths[i] for i in indices)
        return replace(self, images=images, paths=paths, dropped=dropped)

    @property
    def c2w(self) -> NDArray[np.float64]:
        """OpenGL poses in world units, float64 [N, 3, 4]."""
        return np.stack([image.c2w for image in self.images])

    @property
    def labels(self) -> list[str]:
        """What errors call each image."""
        return [f"{self.model.folder}: image '{image.name}'" for image in self.images]

    @property
    def names(self) -> list[str]:
        """Short names, usable as file names, and unique: without suffix or folder where that suffices."""
        paths = [_inside(self.folder, path) for path in self.paths]
        for short in (
            [path.stem for path in paths],
            ["_".join(path.with_suffix("").parts) for path in paths],
        ):
            if len(set(short)) == len(short):
                return short
        return ["_".join(path.parts) for path in paths]

    @cached_property
    def _stored(self) -> NDArray[np.int64]:
        cameras = [self.model.cameras[image.camera_id] for image in self.images]
        declared = np.array([(camera.width, camera.height) for camera in cameras], np.float64)
        return upright_sizes(self.paths, stored_sizes(self.paths), declared)

    def stored_sizes(self) -> NDArray[np.int64]:
        """Width and height of the files, turned where only that gives their camera's shape, int [N, 2].

        Raises:
            DataError: a file cannot be read, or is not of its camera's shape.
        """
        for path, image, size in zip(self.paths, self.images, self._stored.tolist(), strict=True):
            camera = self.model.cameras[image.camera_id]
            if not same_shape((camera.width, camera.height), (size[0], size[1])):
                raise DataError(
                    f"{path} is {size[0]}x{size[1]} pixels, {camera.label} {camera.width}x{camera.height}: images may "
                    "be scaled, but not cropped or turned. Use the images that COLMAP saw, or name the folder of "
                    "those as dataset.images"
                )
        return self._stored

    def intrinsics(self, sizes: NDArray[np.int64]) -> NDArray[np.float64]:
        """fx, fy, cx, cy in pixels, float64 [N, 4].

        Args:
            sizes: width and height that the images will have, int [N, 2].

        Raises:
            DataError: a camera's model is not supported, or its parameters are unusable.
        """
        cameras = [self.model.cameras[image.camera_id] for image in self.images]
        rows = np.array([camera_intrinsics(camera) for camera in cameras], np.float64)
        whole = np.array([(camera.width, camera.height) for camera in cameras])
        bent = np.array([camera_lens(camera)[0] in _WIDE for camera in cameras])
        found = in_pixels(rows, whole, [camera.label for camera in cameras], bent)
        return rescaled(found, whole, sizes)

    def lens(self) -> LensModel:
        """The lens of the N images.

        Raises:
            DataError: a camera's model is not supported, or its parameters are unusable.
        """
        lenses = [camera_lens(self.model.cameras[image.camera_id]) for image in self.images]
        return lens_of(*zip(*lenses, strict=True))

    def masks(self, folder: Path | None) -> list[MaskFile | None] | None:
        """The mask of each image: ``a.jpg.png`` (COLMAP's way) or ``a.png`` for ``a.jpg``; None without a folder.

        Raises:
            DataError: the folder holds a mask of no image.
        """
        if folder is None:
            return None
        found = [_mask(folder / _inside(self.folder, path)) for path in self.paths]
        if not any(found):
            first = _inside(self.folder, self.paths[0])
            raise DataError(
                f"{folder} holds a mask for none of {len(found)} images: that of {first} would be {first}.png. "
                "Rename them, or set dataset.masks=False"
            )
        return found


def _mask(image: Path) -> MaskFile | None:
    for path in (image.with_name(image.name + ".png"), image.with_suffix(".png")):
        if isfile(path):
            return MaskFile(path)
    return None


def find_frames(model: SparseModel, folder: Path, drop_missing: bool) -> Frames:
    """The images of a model, whose files are looked for.

    Args:
        model: the sparse model.
        folder: where its images are.
        drop_missing: leave out those that are not there, with a warning, instead of an error.

    Raises:
        DataError: a file is missing, or all are.
    """
    names = [image.name for image in model.images]
    found = find_named(f"{model.folder}: images", folder, names)
    there = [i for i, path in enumerate(found) if path is not None]
    paths = tuple(path or folder / portable(name) for path, name in zip(found, names, strict=True))
    frames = Frames(model, folder, model.images, paths)
    if len(there) == len(names):
        return frames
    missing = [i for i, path in enumerate(found) if path is None]
    fault = (
        f"{model.folder}: {len(missing)} of {len(names)} images are missing in {folder}: "
        f"{_listed(names[i] for i in missing)}"
    )
    if not there or not drop_missing:
        raise DataError(
            f"{fault}. {nearby(paths[missing[0]].absolute())} Name the folder of the images as dataset.images, "
            "restore the files, or set dataset.missing='drop'"
        )
    warnings.warn(f"{fault}; they are left out", stacklevel=2)
    return frames.select(there, "missing")


def images_beside(frames: Frames) -> int:
    """How many images lie beside those of a model, and are none of them."""
    known = set(frames.paths)
    folders = {path.parent for path in frames.paths}
    beside = (path for folder in folders if folder.is_dir() for path in folder.iterdir())
    return sum(path.suffix.lower() in READ and path not in known for path in beside)


def _inside(folder: Path, file: Path) -> PurePosixPath:
    """A file's path below a folder, or its name alone if it lies elsewhere."""
    return PurePosixPath(file.relative_to(folder) if file.is_relative_to(folder) else file.name)


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:5]) + (", ..." if names[5:] else "")
