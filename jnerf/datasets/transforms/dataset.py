"""Posed photographs with a ``transforms.json``, as instant-ngp and nerfstudio write it.

World units become field units by ``x * scale + offset``, by default 0.33 and (0.5, 0.5, 0.5), or what the keys
``scale`` and ``offset`` of the file say (instant-ngp's meaning); axes stay as they are. ``aabb_scale`` is the edge of
the field's box. nerfstudio's ``applied_transform`` and ``applied_scale`` say how the poses were moved before they were
written; they are not undone, so "world" is the space that the poses of the file are in.

Lenses and intrinsics are described in ``lens.py``, splits in ``split.py``, masks in ``masks.py`` and depth in
``depth.py``.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

from jnerf.checks.flat import flat_arguments
from jnerf.checks.numbers import is_number
from jnerf.datasets.arguments import AutoPlacement, DepthImages, Learned, Photographs, Placement
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.pictures.image_folder import image_sizes
from jnerf.datasets.pictures.masks import masked_by
from jnerf.datasets.placement.box import check_reach
from jnerf.datasets.posed import PosedImages
from jnerf.datasets.transforms.depth import depth_maps
from jnerf.datasets.transforms.file import LARGEST, Keys
from jnerf.datasets.transforms.lens import declared_sizes, read_intrinsics, read_lens
from jnerf.datasets.transforms.masks import find_masks, image_circles, with_circles
from jnerf.datasets.transforms.split import read_split
from jnerf.datasets.transforms.transparency import empty_colors
from jnerf.errors import DataError
from jnerf.registry import DATASETS

_PLACE = Placement()  # where the file says nothing
_LARGEST_BOX = 128


@DATASETS.register()
class TransformsDataset(PosedImages):
    """A scene of photographs with poses in ``transforms.json``.

    Args:
        files: see ``Photographs``. ``root`` may be the json file as well; a folder has one ``transforms.json`` for all
            splits, or ``transforms_<split>.json``, where ``val`` and ``test`` stand for each other if only one of them
            is there. ``holdout`` is for one file that does not list its splits.
        place: see ``AutoPlacement``; None is what the file says, else the defaults of ``Placement``. What the file
            says of ``scale`` does not count with ``auto_scale``, nor of ``offset`` with ``auto_centre``.
        learned: see ``Learned``.
        depths: see ``DepthImages``.
        distortion: heed the lenses' coefficients; False takes them for 0, which shows what they are worth.

    Raises:
        ConfigError: an argument is out of range.
        DataError: the scene is missing, broken or contradicts itself.
    """

    @flat_arguments(scale=None, offset=None, aabb_scale=None)
    def __init__(
        self,
        files: Photographs,
        place: AutoPlacement,
        learned: Learned,
        depths: DepthImages,
        distortion: bool = True,
    ) -> None:
        scene, train = read_split(files.root, files.split, files.holdout, files.missing == "drop")
        # All splits have to agree on the field, so its numbers are those of the training part.
        file = train.shared
        scale = None if place.auto_scale else _positive(file, "scale")
        offset = None if place.auto_centre else _offset(file)
        edge = _positive(file, "aabb_scale")
        if place.aabb_scale is None and edge is not None and edge > _LARGEST_BOX:
            warnings.warn(
                f"{file.label}: 'aabb_scale' is {edge:g}: instant-ngp and samplers with an occupancy grid take 1 to "
                f"{_LARGEST_BOX}. Lower the key, or set dataset.aabb_scale",
                stacklevel=2,
            )
        place = replace(
            place,
            scale=_first(place.scale, scale, _PLACE.scale),
            offset=_first(place.offset, offset, _PLACE.offset),
            aabb_scale=_first(place.aabb_scale, edge, _PLACE.aabb_scale),
        )
        transform = place.of(train.c2w, [frame.label for frame in train.frames])
        paths = [frame.path for frame in scene.frames]
        stored, sizes = image_sizes(paths, files.downscale, declared_sizes(scene.frames))
        labels = [frame.label for frame in scene.frames]
        intrinsics = read_intrinsics(scene.frames, stored, sizes)
        circles = image_circles(scene.frames, intrinsics, stored, sizes)
        cameras = Cameras(
            transform.poses(scene.c2w),
            intrinsics,
            sizes,
            read_lens(scene.frames, distortion),
            [frame.name for frame in scene.frames],
            circles,
            masked_by(lambda: find_masks(scene) if files.masks else None, sizes),
        )
        aabb, (near, far) = place.aabb, place.span
        check_reach(labels, cameras.c2w[:, :, 3], aabb, far)
        masks = find_masks(scene) if files.heeds_masks else None
        masks = with_circles(masks, circles) if files.split == "train" else None
        images = files.photographs(paths, sizes, masks, empty_colors(scene.frames), stored)
        depth = depth_maps(scene, depths, cameras, transform.scale, (near, far), files)
        about = scene.about | {"n_masks": sum(mask is not None for mask in masks or ())}
        where = transform, aabb, near, far
        how = {"about": about, "learned": learned, "depth": depth}
        super().__init__(cameras, images, *where, files.split, files.seed, **how)


def _first(*values: Any) -> Any:
    """The first value that is given."""
    return next(value for value in values if value is not None)


def _positive(file: Keys, key: str) -> float | None:
    value = file.number(key)
    if value is not None and value <= 0:
        raise DataError(f"{file.label}: '{key}' must be positive, got {value}")
    return value


def _offset(file: Keys) -> tuple[float, ...] | None:
    """The key ``offset`` of a scene file, three numbers or one for all axes; None if it is not there."""
    value = file.values.get("offset")
    if isinstance(value, list):
        if len(value) != 3 or not all(is_number(x) and abs(x) < LARGEST for x in value):
            raise DataError(f"{file.label}: 'offset' must be three numbers, got {value!r:.200}")
        return tuple(float(x) for x in value)
    number = file.number("offset")
    return None if number is None else (number,) * 3
