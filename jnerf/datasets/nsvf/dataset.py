"""Scenes in the format of NSVF: ``intrinsics.txt``, ``pose``, ``rgb`` and a bounding box.

Liu et al. 2020, https://arxiv.org/abs/2007.11571. One pinhole for all images; poses are OpenCV camera-to-world, 4x4,
one text file for each image. The first digit of a name says the split: ``0_`` train, ``1_`` val, ``2_`` test; scenes
without ``2_`` (Tanks and Temples) are tested on ``1_``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jnerf.checks.flat import flat_arguments
from jnerf.datasets.arguments import Learned, Reach, SceneFiles
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.poses import mended_poses, pose_rows
from jnerf.datasets.files.paths import nearby
from jnerf.datasets.nsvf.files import read_bbox, read_intrinsics, read_matrix, read_size
from jnerf.datasets.pictures.alpha_images import AlphaImages, white_is_empty
from jnerf.datasets.pictures.image_folder import find_folder, image_sizes, list_images, rescaled
from jnerf.datasets.placement.box import check_reach, cube, into_cube
from jnerf.datasets.placement.outliers import stray_cameras
from jnerf.datasets.posed import PosedImages
from jnerf.datasets.splits import STAND_INS, or_without
from jnerf.errors import ConfigError, DataError
from jnerf.registry import DATASETS

_PREFIXES = {"train": "0_", "val": "1_", "test": "2_"}


@DATASETS.register()
class NSVFDataset(PosedImages):
    """A scene in the format of NSVF; its bounding box, scaled uniformly, becomes the middle of the unit box.

    Args:
        files: see ``SceneFiles``; ``val`` and ``test`` stand for each other where only one of them is there.
        reach: see ``Reach``; None is where the first camera is nearest to the box, and the last one farthest from it.
        learned: see ``Learned``.
        background: "alpha": as the images' alpha says, opaque where they have none; "white": pure white pixels are
            empty, for images without alpha.
        bbox: (min xyz, max xyz) of the scene, world units; None: what ``bbox.txt`` says.

    Raises:
        ConfigError: an argument is out of range.
        DataError: the scene is missing, broken or contradicts itself.
    """

    @flat_arguments(near=None)
    def __init__(
        self,
        files: SceneFiles,
        reach: Reach,
        learned: Learned,
        background: Literal["alpha", "white"] = "alpha",
        bbox: tuple[float, float, float, float, float, float] | None = None,
    ) -> None:
        _check_arguments(files.split, background)
        folder = files.folder
        everything = list_images(find_folder(folder, "rgb") or folder / "rgb")
        paths = _images_of(everything, files.split)
        declared = np.tile(read_size(folder / "intrinsics.txt"), (len(paths), 1))
        stored, sizes = image_sizes(paths, files.downscale, declared)
        low, high = read_bbox(folder, bbox)
        transform = into_cube(np.stack([low, high]), 1.0)
        cameras = Cameras(
            transform.poses(_read_poses(folder, paths)),
            rescaled(read_intrinsics(folder / "intrinsics.txt", stored), stored, sizes),
            sizes,
            names=[path.stem for path in paths],
        )
        near, far = reach.ends(*_reach(cameras, *transform.points([low, high])))
        check_reach(
            [str(file) for file in _pose_files(folder, paths)],
            cameras.c2w[:, :, 3],
            cube(1.0),
            far,
            "raise dataset.far, or give dataset.bbox so that it holds what the cameras look at",
        )
        about = {
            "source": f"rgb/{paths[0].name[:2]}*",
            "dropped": {"in other splits": len(everything) - len(paths)},
        }
        if background == "white":
            memory = files.image_memory
            images = AlphaImages(
                paths, sizes, white_is_empty, files.label, memory, upright=stored
            )
        else:
            images = files.photographs(paths, sizes, upright=stored)
        super().__init__(
            cameras, images, transform, cube(1.0), near, far, files.split, files.seed,
            about=about, learned=learned,
        )  # fmt: skip


def _check_arguments(split: str, background: str) -> None:
    if split not in _PREFIXES:
        raise ConfigError(f"split must be {', '.join(_PREFIXES)}, got '{split}'")
    if background not in ("alpha", "white"):
        raise ConfigError(f"background must be alpha or white, got '{background}'")


def _images_of(everything: list[Path], split: str) -> list[Path]:
    """The images of a split, sorted by name."""
    prefixes = [_PREFIXES[name] for name in STAND_INS[split]]
    for prefix in prefixes:
        found = [path for path in everything if path.name.startswith(prefix)]
        if found:
            return found
    raise DataError(
        f"{everything[0].parent} has no image of split '{split}': none of the {len(everything)} names begins with "
        f"{' or '.join(prefixes)}; the first is {everything[0].name}. Rename them: 0_ is train, 1_ val, 2_ test"
        f"{or_without(split)}"
    )


def _pose_files(folder: Path, images: list[Path]) -> list[Path]:
    where = find_folder(folder, "pose") or folder / "pose"
    return [where / f"{image.stem}.txt" for image in images]


def _read_poses(folder: Path, paths: list[Path]) -> NDArray[np.float64]:
    """OpenGL camera-to-world poses of images, in world units, [N, 3, 4]."""
    files = _pose_files(folder, paths)
    missing = [file for file in files if not file.is_file()]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(files)} images have no pose: {missing[0]} not found. "
            f"{nearby(missing[0].absolute())} Restore the poses or move away these images"
        )
    poses = np.stack([pose_rows(read_matrix(file), str(file)) for file in files])
    poses[:, :, 1:3] *= -1  # OpenCV's y is down and its z forward
    return mended_poses(poses, [str(file) for file in files])


def _reach(
    cameras: Cameras, low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[float, float]:
    """The least distance from any camera to a box, and the greatest to its corners."""
    eyes = cameras.c2w[:, :, 3].astype(np.float64)
    eyes = eyes[~stray_cameras(eyes)]
    near = np.linalg.norm(eyes - eyes.clip(low, high), axis=1).min()
    far = np.linalg.norm(np.maximum(np.abs(eyes - low), np.abs(eyes - high)), axis=1).max()
    return float(near), float(far)
