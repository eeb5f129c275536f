"""Image files that get their alpha from elsewhere: from mask files, or from a background colour."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.pictures.decoding import read_stored, to_rgba
from jnerf.datasets.pictures.images import ImageFiles
from jnerf.datasets.pictures.masks import PixelMask
from jnerf.errors import DataError

# Number of an image and its straight RGBA as stored, uint8 [H, W, 4] -> its alpha, uint8 [H, W].
AlphaFn = Callable[[int, NDArray[np.uint8]], NDArray[np.uint8]]


class AlphaImages(ImageFiles):
    """Images whose alpha is replaced before they are shrunk, so that no background bleeds into their edges.

    Args:
        paths: the files.
        sizes: width and height of each after ``downscale``, int [N, 2].
        alpha: the alpha of each.
        label: what the progress bar says.
        max_gib: see ``ImageFiles``.
        masks: see ``ImageFiles``.
        downscale: see ``ImageFiles``.
        resize: see ``ImageFiles``.
        upright: see ``ImageFiles``.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        sizes: NDArray[np.integer],
        alpha: AlphaFn,
        label: str = "",
        max_gib: float | None = None,
        masks: Sequence[Path | PixelMask | None] | None = None,
        downscale: int = 1,
        resize: bool = True,
        upright: NDArray[np.integer] | None = None,
    ) -> None:
        super().__init__(paths, sizes, downscale, label, masks, resize, max_gib, upright)
        self._alpha = alpha

    def _read(self, i: int) -> NDArray[np.uint8]:
        image = super()._read(i)
        image[..., 3] = self._alpha(i, image)
        return image


def mask_as_alpha(masks: Sequence[Path]) -> AlphaFn:
    """Alpha from mask files of the images' sizes: their brightest channel, where they are not transparent.

    A mask of two values, 0 and any other, means 0 and 255, and a warning says so of the first one that holds others.

    The function raises a DataError that names a mask which is missing, broken, of another size, zero everywhere, or
    has several values and none of them bright.
    """
    told = itertools.count()  # its next() is one step, whichever thread asks

    def alpha(i: int, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        try:
            values = _brightest(masks[i])
        except DataError as error:
            raise DataError(f"mask: {error}") from None
        if values.shape != image.shape[:2]:
            found, expected = (f"{a.shape[1]}x{a.shape[0]}" for a in (values, image))
            raise DataError(
                f"mask {masks[i]} is {found} pixels, its image {expected}: both must be of one size. Make the mask "
                "from the image again, or set dataset.masks to 'ignore'"
            )
        top, full = int(values.max()), np.iinfo(values.dtype).max
        if top == 0:
            raise DataError(
                f"mask {masks[i]} is zero everywhere: nothing of its image would be left. Mend the mask, remove the "
                "view from the scene, or set dataset.masks to 'ignore'"
            )
        if top < full and ((values == 0) | (values == top)).all():
            if next(told) == 0:
                warnings.warn(
                    f"mask {masks[i]} holds 0 and {top} alone: taken as 0 and {full}, in every mask that is like it",
                    stacklevel=2,
                )
            return np.where(values > 0, np.uint8(255), np.uint8(0))
        if 2 * top < full:
            raise DataError(
                f"mask {masks[i]} holds several values, of which {top} is the greatest: nothing of its image would be "
                f"opaque. Write {full} where the object is and 0 elsewhere, or set dataset.masks to 'ignore'"
            )
        return to_rgba(values, masks[i])[..., 0]

    return alpha


def _brightest(mask: Path) -> NDArray:
    """The brightest channel of a stored mask, 0 where it is transparent, uint8 or uint16 [H, W]."""
    stored = read_stored(mask)
    to_rgba(stored[:1], mask)  # raises what is wrong with its type
    if stored.ndim == 2:
        return stored
    channels = stored.shape[2]
    colors = stored[..., : channels - (channels in (2, 4))].max(axis=2)
    return colors if channels == 3 else np.where(stored[..., -1] > 0, colors, colors.dtype.type(0))


def white_is_empty(i: int, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Alpha 0 where a pixel is pure white, and else what the image itself has."""
    return np.where((image[..., :3] == 255).all(axis=2), np.uint8(0), image[..., 3])


def black_is_empty(i: int, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Alpha 0 where a pixel is pure black, and else what the image itself has."""
    return np.where((image[..., :3] == 0).all(axis=2), np.uint8(0), image[..., 3])
