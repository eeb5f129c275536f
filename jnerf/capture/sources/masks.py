"""Masks that come with pictures: found by the pictures' names, and brought along."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from jnerf.capture.sources.picture import Picture
from jnerf.datasets.pictures.decoding import read_stored, same_shape
from jnerf.datasets.pictures.formats import READ
from jnerf.datasets.pictures.headers import image_size
from jnerf.datasets.pictures.masks import is_set
from jnerf.errors import DataError
from jnerf.files import write_atomic


def gather_masks(source: Path, pictures: Sequence[Picture], images: Path, masks: Path) -> int:
    """Writes the mask of each picture as ``<picture>.png``: 0 where pixels are left out, else 255.

    A picture without a mask gets one that keeps all, since COLMAP wants all or none.

    Args:
        source: the folder of masks: of ``a.jpg``, ``a.jpg.png`` or ``a`` with the end of any image.
        pictures: of the scene.
        images: their folder.
        masks: folder that the masks are written to.

    Returns:
        How many pictures had one.

    Raises:
        DataError: no mask fits, or one has another shape than its picture.
    """
    if not source.is_dir():
        raise DataError(f"--masks {source} is no folder: name the one that holds the masks")
    found = [_find(source, picture.name) for picture in pictures]
    if not any(found):
        first = pictures[0].name
        raise DataError(
            f"{source} holds a mask for none of the {len(pictures)} pictures: that of {first} would be {first}.png"
        )
    for picture, path in zip(pictures, found, strict=True):
        target = masks / f"{picture.name}.png"
        if target.is_file():
            continue
        width, height = image_size(images / picture.name)
        mask = (
            np.full((height, width), 255, np.uint8) if path is None else _read(path, width, height)
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        data = cv2.imencode(".png", mask)[1].tobytes()
        write_atomic(target, lambda temporary, data=data: temporary.write_bytes(data))
    return sum(path is not None for path in found)


def _find(source: Path, name: str) -> Path | None:
    inside = Path(name)
    for place in (source / inside, source / inside.name):
        bases = (place, place.with_suffix(""))
        candidates = [base.with_name(base.name + suffix) for base in bases for suffix in READ]
        there = next((path for path in candidates if path.is_file()), None)
        if there is not None:
            return there
    return None


def _read(path: Path, width: int, height: int) -> NDArray[np.uint8]:
    mask = is_set(read_stored(path)) * np.uint8(255)
    if not same_shape(mask.shape[::-1], (width, height)):
        raise DataError(
            f"mask {path} has {mask.shape[1]}x{mask.shape[0]} pixels, its picture {width}x{height} as it should be "
            "seen: make the mask from the upright picture"
        )
    return cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)
