"""The orientation tag of photographs, and the one rule for it.

Pixels are taken as they are stored: poses usually belong to those. But where a scene file says a width and a height
that the stored pixels do not have, and turned as their tag says they do, the poses are of the upright picture, and the
image is turned. The rule is the same for every kind of file.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.pictures.decoding import same_shape
from jnerf.datasets.pictures.formats import BROKEN
from jnerf.datasets.pictures.tiff import read_tags
from jnerf.imaging.pillow_files import open_image

_LYING = (5, 6, 7, 8)  # tags that exchange width and height


def orientation(path: Path) -> int:
    """The orientation tag of an image file, 1 to 8; 1 where there is none."""
    data = path.read_bytes()
    tags = read_tags(data)
    if tags is None:
        try:
            with open_image(BytesIO(data)) as image:
                exif = image.info.get("exif", b"")
        except BROKEN:  # of a kind that has no tags
            return 1
        tags = read_tags(exif.removeprefix(b"Exif\0\0"))
    return 1 if tags is None else tags.orientation


def lies_on_its_side(path: Path, stored: tuple[float, float], asked: tuple[float, float]) -> bool:
    """Whether a stored (width, height) has the asked shape only if the file's orientation tag is applied."""
    if same_shape(stored, asked) or not same_shape(stored[::-1], asked):
        return False
    return orientation(path) in _LYING


def turn(image: NDArray, tag: int) -> NDArray:
    """An image as an orientation tag says that it should be seen.

    Args:
        image: as stored, [H, W, ...].
        tag: 1 to 8; 1 leaves it as it is.

    Returns:
        [H, W, ...], or for tags 5 to 8 [W, H, ...].

    >>> turn(np.array([[1, 2, 3]]), 8).tolist()
    [[3], [2], [1]]
    """
    seen = image.swapaxes(0, 1) if tag in _LYING else image  # 5: mirrored along the diagonal
    if tag in (3, 4, 7, 8):
        seen = seen[::-1]
    if tag in (2, 3, 6, 7):
        seen = seen[:, ::-1]
    return np.ascontiguousarray(seen)


def upright_sizes(
    paths: Sequence[Path], stored: NDArray[np.int64], declared: NDArray[np.floating]
) -> NDArray[np.int64]:
    """Sizes of images as they will be: turned where only that gives the shape which the scene file declares.

    Says so in one warning.

    Args:
        paths: N images.
        stored: their width and height, [N, 2].
        declared: what the scene file says, [N, 2]; NaN where it says nothing.

    Returns:
        Width and height, int64 [N, 2].
    """
    said = np.isfinite(declared).all(axis=1) & (np.nan_to_num(declared) > 0).all(axis=1)
    lying = [
        bool(known) and lies_on_its_side(path, tuple(found), tuple(wanted))
        for path, known, found, wanted in zip(
            paths, said, stored.tolist(), declared.tolist(), strict=True
        )
    ]
    if any(lying):
        first = lying.index(True)
        width, height = declared[first]
        warnings.warn(
            f"{sum(lying)} of {len(paths)} images are turned as their orientation tag says, since only then they have "
            f"the shape that the scene says ({paths[first]}: {width:g}x{height:g})",
            stacklevel=2,
        )
    return np.where(np.array(lying)[:, None], stored[:, ::-1], stored)
