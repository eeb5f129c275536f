"""Images at several sizes, each smaller one the average of squares of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.pictures.decoding import shrink
from jnerf.datasets.pictures.pixel_store import pixel_block

if TYPE_CHECKING:
    from jnerf.datasets.pictures.source import ImageSource


class Pyramid:
    """N images at K scales: image k N + i is image i of the source at scale k.

    Args:
        images: the full images.
        sizes: widths and heights of what is taken of them, from the upper left corner on, int [N, 2]; multiples of
            every scale.
        scales: each output pixel is the average of a square of so many pixels a side.
        max_gib: the most memory for pixels, GiB; more lies in a file on disk. None is half of what is free.
    """

    kept = None  # no masks
    paths = None  # a file is several images

    def __init__(
        self,
        images: ImageSource,
        sizes: NDArray[np.integer],
        scales: Sequence[int],
        max_gib: float | None = None,
    ) -> None:
        self._images, self._sizes, self._scales = images, sizes, tuple(scales)
        self._max_gib = max_gib
        areas = np.concatenate([(sizes // scale).astype(np.int64).prod(axis=1) for scale in scales])
        self._edges = np.concatenate([[0], np.cumsum(areas)])

    @cached_property
    def pixels(self) -> NDArray[np.uint32]:
        """RGBA bytes of every pixel, row-major, image after image, uint32 [P]."""
        self._images.pixels  # noqa: B018 - decodes all images at once, in threads
        block = pixel_block(int(self._edges[-1]), self._max_gib)
        for i in range(len(self._edges) - 1):
            flat = np.ascontiguousarray(self.image(i)).reshape(-1, 4).view(np.uint32)
            block[self._edges[i] : self._edges[i + 1]] = flat[:, 0]
        return block

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Index of each image's first pixel, int64 [K N]."""
        return self._edges[:-1]

    def image(self, i: int) -> NDArray[np.uint8]:
        """Straight RGBA of one image at its scale, uint8 [H, W, 4]."""
        k, i = divmod(i, len(self._sizes))
        width, height = self._sizes[i].tolist()
        return shrink(self._images.image(i)[:height, :width], self._scales[k])
