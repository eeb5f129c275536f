"""Photographs with a sparse model by COLMAP: the poses of its images, its lenses, and its points for the scene's size.

By default the scene is turned so that the cameras' mean up axis is +z, moved so that the middle of the cameras is
(0.5, 0.5, 0.5), and scaled; the numbers are those of the training part, so that all splits agree.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from jnerf.datasets.base import Dataset
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.colmap.model import find_model, read_model
from jnerf.datasets.colmap.model.extent import box_edge, depth_range
from jnerf.datasets.colmap.model.frames import find_frames
from jnerf.datasets.paths import scene_folder
from jnerf.datasets.pictures.image_folder import check_split
from jnerf.datasets.pictures.images import ImageFiles
from jnerf.datasets.placement.box import check_box_arguments, check_reach, cube
from jnerf.datasets.placement.normalize import normalize
from jnerf.datasets.placement.similarity import Similarity
from jnerf.registry import DATASETS


@DATASETS.register()
class COLMAPDataset(Dataset):
    """A scene of photographs with a sparse model, text or binary.

    Args:
        root: the scene's folder; relative paths start from $JNERF_DATA, else ./data, else ../shared/data.
        split: train, val or test; ``val`` and ``test`` are the same images.
        seed: the run's seed.
        images: folder of the images below ``root``. They may be smaller or larger than those COLMAP saw, if only of
            the same shape (``images_4``).
        sparse: folder of the model below ``root``; None looks for ``sparse/0``, ``sparse`` and ``colmap/sparse/0``.
        holdout: every how many-th image in the order of the names is held out from training, the first one
            included; 0: every split has all images.
        missing: "error", or "drop" to leave out images that are not there, with a warning.
        masks: heed ``masks/<image>.png``, where there is one: pixels where it is zero never become training rays.
        auto_orient: turn the scene so that the training cameras' mean up axis is +z.
        auto_centre: move the middle of the training cameras to ``offset``.
        auto_scale: let the farthest training camera be ``scale`` from that middle.
        scale: field units per world unit, or see ``auto_scale``.
        offset: where the world's origin, or the middle of the cameras, lies in the field.
        aabb_scale: edge of the field's box, which is centred at (0.5, 0.5, 0.5); None: the smallest of 1, 2, 4 ... 128
            that holds nearly all points.
        near: where rays begin to be sampled, field units; None: half the distance of the nearest points.
        far: where they end; None: twice the distance of the farthest points.
        downscale: images are this many times smaller than those on disk, rounded to whole pixels.
        image_memory: the most memory for decoded images, GiB; more is kept in a file on disk. None is half of
            what is free.

    Raises:
        ConfigError: an argument is out of range.
        DataError: the scene is missing, broken or contradicts itself.
    """

    def __init__(
        self,
        root: str,
        split: str = "train",
        seed: int = 0,
        images: str = "images",
        sparse: str | None = None,
        holdout: int = 8,
        missing: Literal["error", "drop"] = "error",
        masks: bool = True,
        auto_orient: bool = True,
        auto_centre: bool = True,
        auto_scale: bool = True,
        scale: float = 0.5,
        offset: tuple[float, float, float] = (0.5, 0.5, 0.5),
        aabb_scale: float | None = None,
        near: float | None = None,
        far: float | None = None,
        downscale: int = 1,
        image_memory: float | None = None,
    ) -> None:
        check_split(split, holdout)
        check_box_arguments(
            scale,
            offset,
            1.0 if aabb_scale is None else aabb_scale,
            0.0 if near is None else near,
            math.inf if far is None else far,
            downscale,
        )
        folder = scene_folder(root)
        model = read_model(*find_model(folder, sparse))
        frames = find_frames(model, folder / images, missing == "drop")
        train = frames.split("train", holdout)
        world = train.c2w
        unit = normalize(world, auto_orient, auto_centre, auto_scale)
        transform = unit.then(Similarity(scale, translation=offset))
        if aabb_scale is None:
            aabb_scale = box_edge(transform.points(model.points.xyz))
        if near is None or far is None:
            found = depth_range(model, train.images, transform)
            near, far = found[0] if near is None else near, found[1] if far is None else far
            check_box_arguments(scale, offset, aabb_scale, near, far, downscale)
        part = frames.split(split, holdout)
        stored = part.stored_sizes()
        sizes = np.maximum(np.rint(stored / downscale), 1).astype(np.int64)
        cameras = Cameras(
            transform.poses(part.c2w), part.intrinsics(sizes), sizes, part.lens(), part.names
        )
        aabb = cube(aabb_scale)
        check_reach(part.labels, cameras.c2w[:, :, 3], aabb, far)
        files = ImageFiles(
            part.paths,
            sizes,
            label=f"decoding {split} images",
            # They only decide on training rays: test views are compared whole.
            masks=part.masks(folder / "masks") if masks and split == "train" else None,
            resize=True,
            max_gib=image_memory,
        )
        super().__init__(cameras, files, transform, aabb, near, far, split, seed)
