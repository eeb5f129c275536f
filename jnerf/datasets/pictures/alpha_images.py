"""Image files that get their alpha from elsewhere: from mask files, or from a background colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.pictures.decoding import read_rgba, resize
from jnerf.datasets.pictures.images import ImageFiles
from jnerf.errors import DataError

# Number of an image and its straight RGBA as stored, uint8 [H, W, 4] -> its alpha, uint8 [H, W].
AlphaFn = Callable[[int, NDArray[np.uint8]], NDArray[np.uint8]]


class AlphaImages(ImageFiles):
    """Images whose alpha is replaced before they are shrunk, so that no background bleeds into their edges.

    Args:
        paths: the files.
        sizes: width and height to resize each to, int [N, 2].
        alpha: the alpha of each.
        label: what the progress bar says.
        max_gib: see ``ImageFiles``.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        sizes: NDArray[np.integer],
        alpha: AlphaFn,
        label: str = "",
        max_gib: float | None = None,
    ) -> None:
        super().__init__(paths, sizes, label=label, max_gib=max_gib)
        self._alpha = alpha

    def _decode(self, i: int) -> NDArray[np.uint8]:
        image = read_rgba(self._paths[i])
        image[..., 3] = self._alpha(i, image)
        return resize(image, *self._sizes[i].tolist())


def mask_as_alpha(masks: Sequence[Path]) -> AlphaFn:
    """Alpha from mask files of the images' sizes: their brightest channel, where they are not transparent.

    The function raises a DataError that names a mask which is missing, broken, of another size, or zero everywhere.
    """

    def alpha(i: int, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        try:
            stored = read_rgba(masks[i])
        except DataError as error:
            raise DataError(f"mask: {error}") from None
        if stored.shape != image.shape:
            found, expected = (f"{a.shape[1]}x{a.shape[0]}" for a in (stored, image))
            raise DataError(
                f"mask {masks[i]} is {found} pixels, its image {expected}: both must be of one size. Make the mask "
                "from the image again, or set dataset.masks to 'ignore'"
            )
        found = np.where(stored[..., 3] > 0, stored[..., :3].max(axis=2), np.uint8(0))
        if not found.any():
            raise DataError(
                f"mask {masks[i]} is zero everywhere: nothing of its image would be left. Mend the mask, remove the "
                "view from the scene, or set dataset.masks to 'ignore'"
            )
        return found

    return alpha


def white_is_empty(i: int, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Alpha 0 where a pixel is pure white, and else what the image itself has."""
    return np.where((image[..., :3] == 255).all(axis=2), np.uint8(0), image[..., 3])
