"""What a sparse model holds, where it lies, and the checks that its files have in common.

Schoenberger and Frahm, Structure-from-Motion Revisited, 2016; https://colmap.github.io/format.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.colmap.model import binary, text
from jnerf.datasets.colmap.model.parts import ColmapCamera, ColmapImage, Points
from jnerf.datasets.paths import nearby
from jnerf.errors import DataError

_STEMS = ("cameras", "images", "points3D")


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


def find_model(scene: Path, sparse: str | None) -> tuple[Path, str]:
    """The folder of a scene's sparse model, and its suffix: ``.bin`` or ``.txt``.

    Args:
        scene: the scene's folder.
        sparse: the model's folder below it; None looks in ``sparse/0``, ``sparse``, ``colmap/sparse/0`` and the scene
            itself.

    Raises:
        DataError: no folder holds a whole model; says what was looked for and what is there.
    """
    tried = ["sparse/0", "sparse", "colmap/sparse/0", "."] if sparse is None else [sparse]
    for name in tried:
        for suffix in (".bin", ".txt"):
            if (scene / name / f"cameras{suffix}").is_file():
                _check_whole(scene / name, suffix)
                return scene / name, suffix
    places = " or ".join(str(scene / name) for name in tried)
    raise DataError(
        f"no COLMAP model found: looked for cameras.bin and cameras.txt in {places}. "
        f"{nearby((scene / tried[0] / 'cameras.bin').absolute())} Name the model's folder as dataset.sparse, or "
        "make one with 'colmap automatic_reconstructor'"
    )


def _check_whole(folder: Path, suffix: str) -> None:
    missing = [stem + suffix for stem in _STEMS if not (folder / (stem + suffix)).is_file()]
    if missing:
        raise DataError(
            f"{folder} holds cameras{suffix} but not {' and '.join(missing)}: a COLMAP model is all three of "
            f"{', '.join(stem + suffix for stem in _STEMS)}. Export the model again"
        )


def read_model(folder: Path, suffix: str) -> SparseModel:
    """Reads a sparse model.

    Args:
        folder: that holds cameras, images and points3D.
        suffix: of the three files, ``.bin`` or ``.txt``.

    Raises:
        DataError: a file cannot be read, is truncated or malformed, or the three contradict one another.
    """
    reader = binary if suffix == ".bin" else text
    cameras = reader.read_cameras(folder / f"cameras{suffix}")
    images = reader.read_images(folder / f"images{suffix}")
    points = reader.read_points(folder / f"points3D{suffix}")
    path = folder / f"images{suffix}"
    if not images:
        raise DataError(f"{path} lists no image: the reconstruction failed. Run COLMAP again")
    for image in images:
        _check_image(path, image, cameras, points)
    names = [image.name for image in images]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}: two images are called '{twice}': remove one of them")
    return SparseModel(folder, cameras, tuple(sorted(images, key=lambda im: im.name)), points)


def _check_image(
    path: Path, image: ColmapImage, cameras: dict[int, ColmapCamera], points: Points
) -> None:
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
    unknown = image.point_ids[~points.has(image.point_ids)]
    if len(unknown):
        raise DataError(
            f"{label} observes {len(unknown)} points that points3D{path.suffix} lacks, the first of them "
            f"{unknown[0]}. The files belong to different models: export all three again"
        )
