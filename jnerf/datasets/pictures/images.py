"""Image files as one block of 8-bit RGBA pixels, decoded in threads when first needed, and their masks.

How one file is decoded is said in ``decoding.py``.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.datasets.pictures.decoding import read_rgba, resize, same_shape, shrink
from jnerf.datasets.pictures.masks import (
    KeptPixels,
    MaskFile,
    PixelMask,
    kept_pixels,
    mask_runs,
)
from jnerf.datasets.pictures.orientation import lies_on_its_side, orientation, turn
from jnerf.datasets.pictures.pixel_store import pixel_block
from jnerf.errors import DataError

_FAINT = 5  # of 255: an image with no more alpha than this shows nothing


class ImageFiles:
    """N image files, decoded on the first access to their pixels.

    Args:
        paths: the files.
        sizes: width and height of each after ``downscale``, int [N, 2].
        downscale: each output pixel is the average of a square of this many pixels a side.
        label: what the progress bar says.
        masks: the mask of each image, a file that is zero where pixels must not become training rays or what else
            says so, or None for an image without; None if none has one.
        resize: scale a stored image of another size than ``sizes`` x ``downscale`` to ``sizes``, if only its
            shape is the same; otherwise it is an error.
        max_gib: the most memory for pixels, GiB; more lies in a file on disk. None is half of what is free.
        upright: width and height of the files once those that lie on their side are turned, int [N, 2], see
            ``orientation.py``; None is ``sizes`` x ``downscale``.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        sizes: NDArray[np.integer],
        downscale: int = 1,
        label: str = "",
        masks: Sequence[Path | PixelMask | None] | None = None,
        resize: bool = False,
        max_gib: float | None = None,
        upright: NDArray[np.integer] | None = None,
    ) -> None:
        self._paths = list(paths)
        self._sizes = np.asarray(sizes, np.int64)
        self._downscale = downscale
        self._upright = self._sizes * downscale if upright is None else np.asarray(upright)
        self._label = label
        self._masks = [MaskFile(mask) if isinstance(mask, Path) else mask for mask in masks or ()]
        if masks is not None and len(self._masks) != len(self):
            raise DataError(
                f"{len(self)} images need as many masks (None for an image without), got {len(self._masks)}"
            )
        self._resize = resize
        self._max_gib = max_gib
        self._offsets = np.concatenate([[0], np.cumsum(self._sizes.prod(axis=1))])

    def __len__(self) -> int:
        return len(self._paths)

    @property
    def paths(self) -> list[Path]:
        """The files, as they were given."""
        return list(self._paths)

    @cached_property
    def pixels(self) -> NDArray[np.uint32]:
        """Every pixel, row-major, one image after the other, uint32 [P]: the bytes R, G, B, A in memory order.

        Raises:
            DataError: a file is missing, cannot be decoded or has another size, all are transparent everywhere, or
                there is no room for all.
        """
        block = pixel_block(int(self._offsets[-1]), self._max_gib)
        tops = in_threads(lambda i: self._decode_into(block, i), len(self), self._label, "image")
        self._check_alpha(np.array(tops))
        return block

    @cached_property
    def kept(self) -> KeptPixels | None:
        """The pixels that masks keep; None if no image has a mask, and all are kept.

        Raises:
            DataError: a mask is missing, broken, of another shape than its image, or keeps nothing.
        """
        if not any(self._masks):
            return None
        label = self._label.replace("images", "masks")
        return kept_pixels(in_threads(self._runs, len(self), label, "mask"))

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """Index of each image's first pixel in :attr:`pixels`, int64 [N]."""
        return self._offsets[:-1].copy()

    def image(self, i: int) -> NDArray[np.uint8]:
        """One image, uint8 [H, W, 4]; decodes only this file unless :attr:`pixels` is there already."""
        width, height = self._sizes[i]
        if "pixels" in self.__dict__:
            flat = self.pixels[self._offsets[i] : self._offsets[i + 1]]
            return flat.view(np.uint8).reshape(height, width, 4)
        return self._decode(i)

    def _decode_into(self, block: NDArray[np.uint32], i: int) -> int:
        """Decodes one image to its place; returns its greatest alpha."""
        image = self._decode(i)
        block[self._offsets[i] : self._offsets[i + 1]] = image.reshape(-1, 4).view(np.uint32)[:, 0]
        return int(image[..., 3].max())

    def _check_alpha(self, tops: NDArray[np.integer]) -> None:
        """Looks for images that show nothing, by the greatest alpha of each, [N]."""
        empty = np.flatnonzero(tops <= _FAINT)
        if not len(empty):
            return
        first = f"{self._paths[empty[0]]}, where it is at most {tops[empty[0]]} of 255"
        if len(empty) == len(self):
            raise DataError(
                f"alpha is (nearly) 0 everywhere in all {len(self)} images, the first of them {first}: there is "
                "nothing to train on. If it was stored as 0 and 1, multiply it by 255; if it means nothing, write the "
                "images without it"
            )
        warnings.warn(
            f"{len(empty)} of {len(self)} images are transparent everywhere, the first of them {first}: they say that "
            "all is empty",
            stacklevel=3,
        )

    def _read(self, i: int) -> NDArray[np.uint8]:
        """One stored image, turned where only that gives it its shape."""
        image, path = read_rgba(self._paths[i]), self._paths[i]
        found, wanted = (image.shape[1], image.shape[0]), tuple(self._upright[i].tolist())
        # Equal, not alike: strongly shrunk, nearly square images would lose their shape.
        if found != wanted and found[::-1] == wanted and lies_on_its_side(path, found, wanted):
            return turn(image, orientation(path))
        return image

    def _decode(self, i: int) -> NDArray[np.uint8]:
        image = self._read(i)
        found = image.shape[1], image.shape[0]
        asked = tuple(self._sizes[i].tolist())
        expected = tuple((self._sizes[i] * self._downscale).tolist())
        if found == expected:
            return shrink(image, self._downscale)
        if self._resize and same_shape(found, asked):
            return resize(image, *asked)
        shape = " or of that shape" if self._resize else ""
        raise DataError(
            f"{self._paths[i]}: expected an image of {expected[0]}x{expected[1]} pixels{shape}, as the "
            f"scene file or its first image says, found {found[0]}x{found[1]}. Restore the "
            "original file, or resize all images of the scene alike"
        )

    def _runs(self, i: int) -> NDArray[np.int64]:
        width, height = self._sizes[i].tolist()
        mask = self._masks[i]
        if mask is None:
            return np.array([[0, width * height]])
        keep = mask.keep(width, height)
        if not keep.any():
            raise DataError(
                f"{self._paths[i]}: its masks (and 'fisheye_crop_radius', where there is one) keep none of its "
                f"{width * height} pixels: mend them, or remove the frame from the scene"
            )
        return mask_runs(keep)


def in_threads(work: Callable[[int], Any], n: int, label: str, unit: str = "image") -> list[Any]:
    """``work(0) .. work(n - 1)`` in order, with a progress bar; the first error ends it."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(work, i) for i in range(n)]
        try:
            bar = tqdm(jobs, label, unit=unit, leave=False, delay=0.5, disable=None)
            return [job.result() for job in bar]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
