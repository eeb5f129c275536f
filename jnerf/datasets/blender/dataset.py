"""NeRF's Blender scenes: ``transforms_<split>.json`` and 8-bit RGBA images around one object.

Mildenhall et al. 2020, https://arxiv.org/abs/2003.08934. World units become field units by
``x * scale + offset`` (Instant-NGP's defaults); axes stay as they are.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.checks.flat import flat_arguments
from jnerf.datasets.arguments import Crop, Learned, Placement, SceneFiles
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.units import in_pixels
from jnerf.datasets.files.paths import nearby
from jnerf.datasets.pictures.alpha_images import AlphaFn, AlphaImages
from jnerf.datasets.pictures.image_folder import image_sizes
from jnerf.datasets.pictures.images import ImageFiles
from jnerf.datasets.placement.box import check_reach
from jnerf.datasets.posed import PosedImages
from jnerf.datasets.splits import STAND_INS, or_without
from jnerf.datasets.transforms.file import TransformsFile, focal_lengths, read_transforms
from jnerf.datasets.transforms.lens import declared_sizes, lens_kind
from jnerf.datasets.transforms.transparency import empty_colors
from jnerf.errors import ConfigError, DataError
from jnerf.registry import DATASETS

_DISTORTION = ("k1", "k2", "k3", "k4", "p1", "p2")


@DATASETS.register()
class BlenderDataset(PosedImages):
    """A scene in NeRF's Blender format.

    Images are shrunk by averaging squares of ``downscale`` pixels a side, which must divide their sizes.

    Args:
        files: see ``SceneFiles``; reads ``transforms_<split>.json``; ``val`` and ``test`` stand for each other where
            only one of them is there.
        place: see ``Placement``.
        crop: see ``Crop``.
        learned: see ``Learned``.
        max_images: of the training split, at most this many of its first images; None for all.

    Raises:
        ConfigError: an argument is out of range.
        DataError: the scene is missing, broken or contradicts itself.
    """

    @flat_arguments()
    def __init__(
        self,
        files: SceneFiles,
        place: Placement,
        crop: Crop,
        learned: Learned,
        max_images: int | None = None,
    ) -> None:
        split, downscale = files.split, files.downscale
        scene = read_transforms(_scene_file(files.folder, split))
        if max_images is not None:
            scene = _first_images(scene, max_images, split)
        full_sizes = _image_sizes(scene)
        sizes = _shrunk_sizes(scene, full_sizes, downscale)
        transform = place.similarity
        cameras = Cameras(
            transform.poses(scene.c2w),
            _intrinsics(scene, full_sizes) / downscale,
            sizes,
            names=[frame.name for frame in scene.frames],
        )
        aabb, (near, far) = place.aabb, place.span
        check_reach([frame.label for frame in scene.frames], cameras.c2w[:, :, 3], aabb, far)
        images = _images(
            files, [frame.path for frame in scene.frames], sizes, empty_colors(scene.frames)
        )
        super().__init__(
            cameras, images, transform, aabb, near, far, split, files.seed, crop, scene.about,
            learned,
        )  # fmt: skip


def _images(
    files: SceneFiles, paths: list[Path], sizes: NDArray[np.int64], alpha: AlphaFn | None
) -> ImageFiles:
    label, memory, factor = files.label, files.image_memory, files.downscale
    if alpha is None:
        return ImageFiles(paths, sizes, factor, label, max_gib=memory)
    return AlphaImages(paths, sizes, alpha, label, memory, downscale=factor, resize=False)


def _scene_file(folder: Path, split: str) -> Path:
    """The json file of a split."""
    names = [f"transforms_{name}.json" for name in STAND_INS.get(split, (split,))]
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is not None:
        return found
    whole = (folder / "transforms.json").is_file()
    other = (
        "One transforms.json for all splits is read by TransformsDataset: set dataset.type. "
        if whole
        else ""
    )
    raise DataError(
        f"scene file {folder / names[0]} not found{' (nor ' + names[1] + ')' if names[1:] else ''}. "
        f"{nearby((folder / names[0]).absolute())} {other}A Blender scene keeps one transforms_<split>.json per split "
        f"beside its images: restore it, name another folder as dataset.root{or_without(split)}"
    )


def _first_images(scene: TransformsFile, n: int, split: str) -> TransformsFile:
    """The scene with its first ``n`` training images; other splits stay whole, so that tests compare."""
    if n < 1:
        raise ConfigError(f"max_images must be 1 or more, or None for all, got {n}")
    if split != "train":
        return scene
    return scene.select(range(min(n, len(scene.frames))), "beyond max_images")


def _image_sizes(scene: TransformsFile) -> NDArray[np.int64]:
    """Width and height of each frame, [N, 2]: ``w, h`` where given, else those of the first image."""
    declared = declared_sizes(scene.frames)
    stored, _ = image_sizes([frame.path for frame in scene.frames], 1, declared)
    silent = np.isnan(declared).any(axis=1)
    declared[silent] = stored[silent][:1]
    return declared.astype(np.int64)


def _shrunk_sizes(
    scene: TransformsFile, sizes: NDArray[np.int64], downscale: int
) -> NDArray[np.int64]:
    for frame, (width, height) in zip(scene.frames, sizes.tolist(), strict=True):
        if width % downscale or height % downscale:
            raise DataError(
                f"{frame.label}: {width}x{height} pixels cannot be divided by downscale={downscale}: "
                f"choose a divisor of {math.gcd(width, height)}"
            )
    return sizes // downscale


def _intrinsics(scene: TransformsFile, sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """fx, fy, cx, cy of each frame in pixels of the stored images, float64 [N, 4]."""
    rows = []
    for frame, (width, height) in zip(scene.frames, sizes.tolist(), strict=True):
        kind = lens_kind(frame)
        if kind != "opencv":
            raise DataError(
                f"{frame.label}: the lens is {kind}, BlenderDataset reads pinhole images only: set dataset.type to "
                "TransformsDataset"
            )
        bent = [key for key in _DISTORTION if frame.number(key)]
        if bent:
            raise DataError(
                f"{frame.label}: {', '.join(f'{key} = {frame.number(key)}' for key in bent)}: "
                "BlenderDataset reads pinhole images only. Undistort the images and remove these keys"
            )
        cx, cy = frame.number("cx"), frame.number("cy")
        cx = 0.5 * width if cx is None else cx
        cy = 0.5 * height if cy is None else cy
        rows.append((*focal_lengths(frame, width, height), cx, cy))
    return in_pixels(np.asarray(rows, np.float64), sizes, [frame.label for frame in scene.frames])
