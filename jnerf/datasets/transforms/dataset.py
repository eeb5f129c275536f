"""Posed photographs with a ``transforms.json``, as instant-ngp and nerfstudio write it.

World units become field units by ``x * scale + offset``, by default 0.33 and (0.5, 0.5, 0.5), or what the keys
``scale`` and ``offset`` of the file say (instant-ngp's meaning); axes stay as they are. ``aabb_scale`` is the edge of
the field's box. nerfstudio's ``applied_transform`` and ``applied_scale`` say how the poses were moved before they were
written; they are not undone, so "world" is the space that the poses of the file are in.

Lenses and intrinsics are described in ``lens.py``, splits in ``split.py`` and masks in ``masks.py``.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from jnerf.datasets.base import Dataset
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.pictures.image_folder import image_sizes
from jnerf.datasets.pictures.images import ImageFiles
from jnerf.datasets.placement.box import check_box_arguments, check_reach, cube
from jnerf.datasets.placement.normalize import normalize
from jnerf.datasets.placement.similarity import Similarity
from jnerf.datasets.transforms.file import Keys
from jnerf.datasets.transforms.lens import read_intrinsics, read_lens
from jnerf.datasets.transforms.masks import find_masks
from jnerf.datasets.transforms.split import read_split
from jnerf.errors import ConfigError, DataError
from jnerf.registry import DATASETS

_SCALE, _OFFSET = 0.33, (0.5, 0.5, 0.5)


@DATASETS.register()
class TransformsDataset(Dataset):
    """A scene of photographs with poses in ``transforms.json``.

    Args:
        root: the scene's folder, or its json file; relative paths start from $JNERF_DATA, else ./data, else
            ../shared/data. A folder has ``transforms_<split>.json``, or one ``transforms.json`` for all splits.
        split: train, val or test; ``val`` and ``test`` stand for each other where only one of them is there.
        seed: the run's seed.
        holdout: in one file that does not list its splits, every how many-th image is held out from training, the
            first one included; 0: every split has all images.
        missing: "error", or "drop" to leave out images that are not there, with a warning.
        masks: heed masks: pixels they leave out never become training rays.
        distortion: heed the lenses' coefficients; False takes them for 0, which shows what they are worth.
        auto_orient: turn the scene so that the training cameras' mean up axis is +z.
        auto_centre: move the middle of the training cameras to ``offset``.
        auto_scale: let the farthest training camera be ``scale`` field units from the middle of all.
        scale: field units per world unit; None: what the file says (not with ``auto_scale``), else 0.33.
        offset: where the world's origin lies in the field; None: what the file says (not with ``auto_centre``), else
            the middle of the box.
        aabb_scale: edge of the field's box, which is centred at (0.5, 0.5, 0.5); None: what the file says, else 1.
        near: where rays begin to be sampled, field units.
        far: where they end; None is four box diagonals.
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
        holdout: int = 8,
        missing: Literal["error", "drop"] = "error",
        masks: bool = True,
        distortion: bool = True,
        auto_orient: bool = False,
        auto_centre: bool = False,
        auto_scale: bool = False,
        scale: float | None = None,
        offset: tuple[float, float, float] | None = None,
        aabb_scale: float | None = None,
        near: float = 0.2,
        far: float | None = None,
        downscale: int = 1,
        image_memory: float | None = None,
    ) -> None:
        if missing not in ("error", "drop"):
            raise ConfigError(f"missing must be error or drop, got '{missing}'")
        scene, train = read_split(root, split, holdout, missing == "drop")
        # All splits have to agree on the field, so its numbers are those of the training part.
        file = train.shared
        scale = _first(scale, None if auto_scale else _positive(file, "scale"), _SCALE)
        offset = _first(offset, None if auto_centre else _offset(file), _OFFSET)
        aabb_scale = _first(aabb_scale, _positive(file, "aabb_scale"), 1.0)
        far = 4 * math.sqrt(3) * aabb_scale if far is None else far
        check_box_arguments(scale, offset, aabb_scale, near, far, downscale)
        normal = normalize(train.c2w, auto_orient, auto_centre, auto_scale)
        transform = normal.then(Similarity(scale, translation=offset))
        paths = [frame.path for frame in scene.frames]
        stored, sizes = image_sizes(paths, downscale)
        labels = [frame.label for frame in scene.frames]
        cameras = Cameras(
            transform.poses(scene.c2w),
            read_intrinsics(scene.frames, stored, sizes),
            sizes,
            read_lens(scene.frames, distortion),
            [frame.name for frame in scene.frames],
        )
        aabb = cube(aabb_scale)
        check_reach(labels, cameras.c2w[:, :, 3], aabb, far)
        images = ImageFiles(
            paths,
            sizes,
            label=f"decoding {split} images",
            # They only decide on training rays: test views are compared whole.
            masks=find_masks(scene) if masks and split == "train" else None,
            resize=True,
            max_gib=image_memory,
        )
        super().__init__(cameras, images, transform, aabb, near, far, split, seed)


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
        if len(value) != 3 or not all(isinstance(x, (int, float)) for x in value):
            raise DataError(f"{file.label}: 'offset' must be three numbers, got {value!r:.200}")
        return tuple(float(x) for x in value)
    number = file.number("offset")
    return None if number is None else (number,) * 3
