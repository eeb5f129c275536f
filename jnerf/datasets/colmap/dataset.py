"""Photographs with a sparse model by COLMAP: the poses of its images, its lenses, and its points for the scene's size.

By default the scene is turned so that the cameras' mean up axis is +z, moved so that the middle of the cameras is
(0.5, 0.5, 0.5), and scaled; or, with ``around="points"``, so that what the cameras look at is in the middle. The
numbers are those of the training part, so that all splits agree.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from jnerf.checks.flat import flat_arguments
from jnerf.datasets.arguments import AutoPlacement, DepthTracks, Learned, Photographs
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.colmap.model import find_model, read_model
from jnerf.datasets.colmap.model.extent import box_edge, depth_range, place_around_points
from jnerf.datasets.colmap.model.frames import find_frames, images_beside
from jnerf.datasets.colmap.model.tracks import track_points
from jnerf.datasets.pictures.image_folder import find_folder
from jnerf.datasets.pictures.masks import masked_by
from jnerf.datasets.placement.box import check_reach
from jnerf.datasets.posed import PosedImages
from jnerf.registry import DATASETS


@DATASETS.register()
class COLMAPDataset(PosedImages):
    """A scene of photographs with a sparse model, text or binary.

    Args:
        files: see ``Photographs``; masks are ``masks/<image>.png``, zero where pixels must not become training rays.
        place: see ``AutoPlacement``. Where they are None, ``aabb_scale`` is the smallest of 1, 2, 4 ... 128 that holds
            nearly all points, ``near`` half the distance of the nearest points, ``far`` twice that of the farthest.
        learned: see ``Learned``.
        tracks: see ``DepthTracks``.
        images: folder of the images below ``root``. They may be smaller or larger than those COLMAP saw, if only of
            the same shape (``images_4``).
        sparse: folder of the model below ``root``, or its absolute path; None looks for ``sparse/0``, ``sparse`` and
            ``colmap/sparse/0``. Of several beside each other (``sparse/0``, ``sparse/1`` ...), the one with the most
            images is taken.
        around: what ``auto_centre`` and ``auto_scale`` go by: the cameras, the farthest of which is then ``scale``
            field units from the middle; or the points, of which the core is (see ``placement/points.py``).

    Raises:
        ConfigError: an argument is out of range.
        DataError: the scene is missing, broken or contradicts itself.
    """

    @flat_arguments(
        scale=0.5, auto_orient=True, auto_centre=True, auto_scale=True, aabb_scale=None, near=None
    )
    def __init__(
        self,
        files: Photographs,
        place: AutoPlacement,
        learned: Learned,
        tracks: DepthTracks,
        images: str = "images",
        sparse: str | None = None,
        around: Literal["cameras", "points"] = "cameras",
    ) -> None:
        folder, split, holdout = files.folder, files.split, files.holdout
        found = find_model(folder, sparse)
        model = read_model(found.folder, found.suffix)
        frames = find_frames(
            model, find_folder(folder, images) or folder / images, files.missing == "drop"
        )
        train = frames.split("train", holdout)
        if around == "points":
            transform = place_around_points(model, train.images, place, train.labels)
        else:
            transform = place.of(train.c2w, train.labels)
        if place.aabb_scale is None:
            place = replace(
                place, aabb_scale=box_edge(transform.points(model.points.xyz), model.folder)
            )
        near, far = place.near, place.far
        if near is None or far is None:
            near, far = place.ends(*depth_range(model, train.images, transform))
        part = frames.split(split, holdout)
        masks_in = find_folder(folder, "masks") if files.masks else None
        stored = part.stored_sizes()
        sizes = np.maximum(np.rint(stored / files.downscale), 1).astype(np.int64)
        cameras = Cameras(
            transform.poses(part.c2w),
            part.intrinsics(sizes),
            sizes,
            part.lens(),
            part.names,
            masked=masked_by(lambda: part.masks(masks_in) if files.masks else None, sizes),
        )
        check_reach(part.labels, cameras.c2w[:, :, 3], place.aabb, far)
        masks = part.masks(masks_in) if files.heeds_masks else None
        depth = None
        if tracks.depth is not None:
            how = (near, far), tracks.depth_share, masks, split == "train"
            depth = track_points(part, cameras, transform, *how)
        pictures = files.photographs(part.paths, sizes, masks, upright=stored)
        lies_here = found.folder.is_relative_to(folder)
        source = found.folder.relative_to(folder) if lies_here else found.folder
        about = {
            "source": source.as_posix(),
            "n_masks": sum(mask is not None for mask in masks or ()),
            "dropped": {**part.dropped, "not in the model": images_beside(frames)},
        }
        where = transform, place.aabb, near, far
        how = {"about": about, "learned": learned, "depth": depth}
        super().__init__(cameras, pictures, *where, split, files.seed, **how)
