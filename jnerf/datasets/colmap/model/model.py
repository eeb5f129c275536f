"""What a sparse model holds, where it lies, and the checks that its files have in common.

Schoenberger and Frahm, Structure-from-Motion Revisited, 2016; https://colmap.github.io/format.html.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.colmap.model import binary, text
from jnerf.datasets.colmap.model.parts import ColmapCamera, ColmapImage, Points
from jnerf.datasets.files.paths import nearby
from jnerf.datasets.pictures.lookup import portable
from jnerf.errors import DataError

_WIDEST = 10**9  # pixels
_STEMS = ("cameras", "images")  # without points, the scene's size has to be given


@dataclass(frozen=True, eq=False)
class SparseModel:
    """A sparse model, read and checked.

    Attributes:
        folder: where it was read from.
        cameras: by camera id.
        images: in the order of their names.
        points: the triangulated points.
    """

    folder: Path
    cameras: dict[int, ColmapCamera]
    images: tuple[ColmapImage, ...]
    points: Points

    def seen_points(self, image: ColmapImage) -> NDArray[np.float64]:
        """The positions of the points that an image observes, world units, float64 [P, 3]."""
        place = np.searchsorted(self.points.ids, image.point_ids)
        return self.points.xyz[place]


@dataclass(frozen=True)
class ModelPlace:
    """Where a scene's model was found.

    Attributes:
        folder: that holds its files.
        suffix: of the files, ``.bin`` or ``.txt``.
        others: folders of smaller models beside it, which are left out.
    """

    folder: Path
    suffix: str
    others: tuple[Path, ...] = ()


def find_model(scene: Path, sparse: str | None) -> ModelPlace:
    """Where a scene's sparse model is; of several beside each other, the one with the most images, with a warning.

    Args:
        scene: the scene's folder.
        sparse: the model's folder below it, or one of models; None looks in the folders of ``sparse`` (``sparse/0``,
            ``sparse/1`` ...), in ``sparse``, in those of ``colmap/sparse``, and in the scene itself.

    Raises:
        DataError: no folder holds a model; says what was looked for and what is there.
    """
    tried = (
        ["sparse/*", "sparse", "colmap/sparse/*", "."]
        if sparse is None
        else [sparse, f"{sparse}/*"]
    )
    for name in tried:
        several = name.endswith("/*")
        folders = _folders(scene / name[:-2]) if several else [scene / name]
        places = [place for folder in folders if (place := _place(folder)) is not None]
        if places:
            return _largest(places)
    named = tried if sparse is None else [sparse]
    places = " or ".join(str(scene / name) for name in named)
    first = scene / tried[0].replace("*", "0") / "cameras.bin"
    raise DataError(
        f"no COLMAP model found: looked for cameras.bin and cameras.txt in {places}. "
        f"{nearby(first.absolute())} Name the model's folder as dataset.sparse, or "
        "make one with 'colmap automatic_reconstructor'"
    )


def _folders(parent: Path) -> list[Path]:
    """The folders in a folder, ``0`` to ``10`` in the order of their numbers, then the others."""
    found = [path for path in parent.iterdir() if path.is_dir()] if parent.is_dir() else []
    return sorted(found, key=lambda path: (not path.name.isdigit(), len(path.name), path.name))


def _place(folder: Path) -> ModelPlace | None:
    suffixes = [suffix for suffix in (".bin", ".txt") if (folder / f"cameras{suffix}").is_file()]
    return ModelPlace(folder, suffixes[0]) if suffixes else None


def _largest(places: list[ModelPlace]) -> ModelPlace:
    if len(places) == 1:
        return places[0]
    counts = [_count_images(place) for place in places]
    best = int(np.argmax(counts))  # the first of equals
    rest = [i for i in range(len(places)) if i != best]
    others = ", ".join(f"{places[i].folder.name} ({counts[i]})" for i in rest)
    folder = places[best].folder
    warnings.warn(
        f"{folder.parent} holds {len(places)} models: {folder.name} with {counts[best]} images is used, "
        f"the largest; left out are {others}. Name another one as dataset.sparse",
        stacklevel=3,
    )
    return replace(places[best], others=tuple(places[i].folder for i in rest))


def _count_images(place: ModelPlace) -> int:
    """How many images a model has; 0 if its file cannot be read."""
    path = place.folder / f"images{place.suffix}"
    try:
        return binary.count_images(path) if place.suffix == ".bin" else len(text.read_images(path))
    except DataError:
        return 0


def _check_whole(folder: Path, suffix: str) -> None:
    missing = [stem + suffix for stem in _STEMS if not (folder / (stem + suffix)).is_file()]
    if missing:
        raise DataError(
            f"{folder} holds cameras{suffix} but not {' and '.join(missing)}: a COLMAP model is both of "
            f"{', '.join(stem + suffix for stem in _STEMS)}, and points3D{suffix}. Export the model again"
        )


def read_model(folder: Path, suffix: str) -> SparseModel:
    """Reads a sparse model.

    Without a file of points, as of poses that were known, it has none. Points that images observe and the file lacks,
    and points that are not finite, are left out with a warning.

    Args:
        folder: that holds cameras, images and points3D.
        suffix: of the three files, ``.bin`` or ``.txt``.

    Raises:
        DataError: a file cannot be read, is truncated or malformed, or they contradict one another.
    """
    _check_whole(folder, suffix)
    reader = binary if suffix == ".bin" else text
    cameras = reader.read_cameras(folder / f"cameras{suffix}")
    images = reader.read_images(folder / f"images{suffix}")
    points = _points(folder / f"points3D{suffix}", reader)
    path = folder / f"images{suffix}"
    if not images:
        raise DataError(f"{path} lists no image: the reconstruction failed. Run COLMAP again")
    for camera in cameras.values():
        _check_camera(camera)
    for image in images:
        _check_image(path, image, cameras)
    names = [image.name for image in images]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}: two images are called '{twice}': remove one of them")
    images = sorted(_known(path, images, points), key=lambda image: portable(image.name))
    return SparseModel(folder, cameras, tuple(images), points)


def _points(path: Path, reader: ModuleType) -> Points:
    if not path.is_file():
        return Points.of((), ())
    points = reader.read_points(path)
    finite = np.isfinite(points.xyz).all(axis=1)
    if not finite.all():
        first = points.ids[~finite][0]
        warnings.warn(
            f"{path}: {(~finite).sum()} of {len(finite)} points are not finite and left out, the first of them {first}",
            stacklevel=4,
        )
    return points.select(finite)


def _known(path: Path, images: list[ColmapImage], points: Points) -> list[ColmapImage]:
    """The images without the points that they observe and the model lacks."""
    known = [points.has(image.point_ids) for image in images]
    lost = sum(int((~there).sum()) for there in known)
    if lost and len(points.ids):
        i = next(i for i, there in enumerate(known) if not there.all())
        warnings.warn(
            f"{path}: {lost} of the {sum(map(len, known))} points that images observe are not in points3D{path.suffix} "
            f"and left out, the first of them {images[i].point_ids[~known[i]][0]}, of image '{images[i].name}'. If "
            "nobody deleted points, the files belong to different models: export all three again",
            stacklevel=4,
        )
    return [
        replace(image, point_ids=image.point_ids[there], xy=image.xy[there])
        for image, there in zip(images, known, strict=True)
    ]


def _check_camera(camera: ColmapCamera) -> None:
    if not (0 < camera.width < _WIDEST and 0 < camera.height < _WIDEST):
        raise DataError(
            f"{camera.label} has images of {camera.width!s:.20}x{camera.height!s:.20} pixels: the file is damaged. "
            "Export the model again"
        )


def _check_image(path: Path, image: ColmapImage, cameras: dict[int, ColmapCamera]) -> None:
    label = f"{path}: image '{image.name}'"
    if image.camera_id not in cameras:
        raise DataError(
            f"{label} was taken with camera {image.camera_id}, and cameras{path.suffix} has only "
            f"{', '.join(map(str, sorted(cameras)[:12])) or 'none'}. The files belong to different models: "
            "export all three again"
        )
    pose = np.concatenate([image.quaternion, image.translation])
    if not np.isfinite(pose).all() or np.linalg.norm(image.quaternion) < 1e-6:
        raise DataError(
            f"{label} has the pose {pose.tolist()}: expected a quaternion w x y z that is not 0 and a "
            "translation, all finite. Remove the image from the model or run COLMAP again"
        )
