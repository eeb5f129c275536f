"""NeRF's Blender scenes: ``transforms_<split>.json`` and 8-bit RGBA images around one object.

Mildenhall et al. 2020, https://arxiv.org/abs/2003.08934. World units become field units by
``x * scale + offset`` (Instant-NGP's defaults); axes stay as they are.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.base import Dataset
from jnerf.datasets.cameras import Cameras
from jnerf.datasets.images import ImageFiles, read_rgba
from jnerf.datasets.paths import scene_folder
from jnerf.datasets.similarity import Similarity
from jnerf.datasets.transforms_file import TransformsFile, focal_lengths, read_transforms
from jnerf.errors import ConfigError, DataError
from jnerf.registry import DATASETS

_DISTORTION = ("k1", "k2", "k3", "k4", "p1", "p2")


@DATASETS.register()
class BlenderDataset(Dataset):
    """A scene in NeRF's Blender format.

    Args:
        root: the scene's folder; relative paths start from $JNERF_DATA, else ./data, else ../shared/data.
        split: reads ``transforms_<split>.json``.
        seed: the run's seed.
        scale: field units per world unit.
        offset: where the world's origin lies in the field.
        aabb_scale: edge of the field's box, which is centred at (0.5, 0.5, 0.5).
        near: where rays begin to be sampled, field units.
        far: where they end; None is four box diagonals.
        downscale: each pixel becomes the average of this many squared.
        max_images: of the training split, at most this many of its first images; None for all.

    Raises:
        ConfigError: an argument is out of range.
        DataError: the scene is missing, broken or contradicts itself.
    """

    def __init__(
        self,
        root: str,
        split: str = "train",
        seed: int = 0,
        scale: float = 0.33,
        offset: tuple[float, float, float] = (0.5, 0.5, 0.5),
        aabb_scale: float = 1.0,
        near: float = 0.2,
        far: float | None = None,
        downscale: int = 1,
        max_images: int | None = None,
    ) -> None:
        far = 4 * math.sqrt(3) * aabb_scale if far is None else far
        _check_arguments(scale, offset, aabb_scale, near, far, downscale)
        scene = read_transforms(scene_folder(root) / f"transforms_{split}.json")
        if max_images is not None:
            scene = _first_images(scene, max_images, split)
        full_sizes = _image_sizes(scene)
        sizes = _shrunk_sizes(scene, full_sizes, downscale)
        transform = Similarity(scale, translation=offset)
        cameras = Cameras(
            transform.poses(scene.c2w),
            _intrinsics(scene, full_sizes) / downscale,
            sizes,
            names=[frame.name for frame in scene.frames],
        )
        half = 0.5 * aabb_scale
        aabb = [0.5 - half] * 3 + [0.5 + half] * 3
        _check_reach(scene, cameras, aabb, far)
        images = ImageFiles(
            [frame.path for frame in scene.frames], sizes, downscale, f"decoding {split} images"
        )
        super().__init__(cameras, images, transform, aabb, near, far, split, seed)


def _check_arguments(
    scale: float,
    offset: tuple[float, float, float],
    aabb_scale: float,
    near: float,
    far: float,
    downscale: int,
) -> None:
    if not scale > 0:
        raise ConfigError(f"scale must be positive, got {scale}")
    if len(offset) != 3:
        raise ConfigError(f"offset must be three numbers, got {offset}")
    if not aabb_scale > 0:
        raise ConfigError(f"aabb_scale must be positive, got {aabb_scale}")
    if not 0 <= near < far:
        raise ConfigError(f"0 <= near < far must hold, got near={near}, far={far}")
    if downscale < 1:
        raise ConfigError(f"downscale must be 1 or more, got {downscale}")


def _first_images(scene: TransformsFile, n: int, split: str) -> TransformsFile:
    """The scene with its first ``n`` training images; other splits stay whole, so that tests compare."""
    if n < 1:
        raise ConfigError(f"max_images must be 1 or more, or None for all, got {n}")
    if split != "train":
        return scene
    return replace(scene, frames=scene.frames[:n], c2w=scene.c2w[:n])


def _image_sizes(scene: TransformsFile) -> NDArray[np.int64]:
    """Width and height of each frame, [N, 2]: ``w, h`` where given, else those of the first image."""
    sizes = []
    measured: tuple[int, int] | None = None
    for frame in scene.frames:
        width, height = frame.number("w"), frame.number("h")
        if width is None or height is None:
            if measured is None:
                image = read_rgba(frame.path)
                measured = image.shape[1], image.shape[0]
            width, height = measured
        sizes.append((width, height))
    return np.asarray(sizes, np.int64)


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
    return np.asarray(rows, np.float64)


def _check_reach(scene: TransformsFile, cameras: Cameras, aabb: list[float], far: float) -> None:
    """A camera whose nearest point of the box lies behind ``far`` can see nothing of the field."""
    eyes = cameras.c2w[:, :, 3]
    gap = np.linalg.norm(eyes - eyes.clip(aabb[:3], aabb[3:]), axis=1)
    if (gap >= far).any():
        i = int(gap.argmax())
        raise DataError(
            f"{scene.frames[i].label}: the camera stands {gap[i]:.3g} field units from the field's "
            f"box, and rays end at far={far:.3g}: lower dataset.scale, correct dataset.offset, or raise "
            "dataset.aabb_scale or dataset.far"
        )
