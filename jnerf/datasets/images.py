"""Image files as one block of 8-bit RGBA pixels, decoded in threads when first needed.

Any 8- or 16-bit grey, grey + alpha, RGB or RGBA file becomes straight (not premultiplied) RGBA bytes; images
without alpha are opaque. Orientation tags are ignored: poses belong to the stored pixels.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.errors import DataError


class ImageFiles:
    """N image files, decoded on the first access to their pixels.

    Args:
        paths: the files.
        sizes: width and height that each must have after ``downscale``, int [N, 2].
        downscale: each output pixel is the average of a square of this many pixels a side.
        label: what the progress bar says.
    """

    def __init__(
        self, paths: Sequence[Path], sizes: NDArray[np.integer], downscale: int = 1, label: str = ""
    ) -> None:
        self._paths = list(paths)
        self._sizes = np.asarray(sizes, np.int64)
        self._downscale = downscale
        self._label = label
        self._offsets = np.concatenate([[0], np.cumsum(self._sizes.prod(axis=1))])

    def __len__(self) -> int:
        return len(self._paths)

    @cached_property
    def pixels(self) -> NDArray[np.uint32]:
        """Every pixel, row-major, one image after the other, uint32 [P]: the bytes R, G, B, A in memory order.

        Raises:
            DataError: a file is missing, cannot be decoded or has another size.
        """
        block = np.empty(int(self._offsets[-1]), np.uint32)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [pool.submit(self._decode_into, block, i) for i in range(len(self))]
            try:
                bar = tqdm(jobs, self._label, unit="image", leave=False, delay=0.5, disable=None)
                for job in bar:
                    job.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return block

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

    def _decode_into(self, block: NDArray[np.uint32], i: int) -> None:
        flat = self._decode(i).reshape(-1, 4).view(np.uint32)
        block[self._offsets[i] : self._offsets[i + 1]] = flat[:, 0]

    def _decode(self, i: int) -> NDArray[np.uint8]:
        image = read_rgba(self._paths[i])
        expected = (self._sizes[i] * self._downscale).tolist()
        found = [image.shape[1], image.shape[0]]
        if found != expected:
            raise DataError(
                f"{self._paths[i]}: expected an image of {expected[0]}x{expected[1]} pixels, as the "
                f"scene file or its first image says, found {found[0]}x{found[1]}. Restore the "
                "original file, or resize all images of the scene alike"
            )
        return shrink(image, self._downscale)


def read_rgba(path: Path) -> NDArray[np.uint8]:
    """Decodes one file to straight RGBA, uint8 [H, W, 4].

    Raises:
        DataError: missing, not readable, truncated, or of a kind that is not 8- or 16-bit colour or grey.
    """
    try:
        data = np.fromfile(path, np.uint8)
    except FileNotFoundError:
        raise DataError(
            f"image {path} is missing: restore it, or remove its frame from the scene file"
        ) from None
    except OSError as error:
        raise DataError(f"image {path} cannot be read: {error.strerror or error}") from error
    image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if image is None:
        raise DataError(
            f"image {path} cannot be decoded: its {data.size} bytes are truncated, damaged or no "
            "image (PNG, JPEG, WebP, TIFF ... are read). Copy the file again from its source"
        )
    if image.dtype == np.uint16:
        image = ((image.astype(np.uint32) + 128) // 257).astype(np.uint8)
    channels = 1 if image.ndim == 2 else image.shape[2]
    if image.dtype != np.uint8 or channels not in _TO_RGBA:
        raise DataError(
            f"image {path} holds {channels} channels of {image.dtype}: expected 8- or 16-bit grey, "
            "RGB or RGBA. Convert it to PNG"
        )
    return cv2.cvtColor(image, _TO_RGBA[channels])


_TO_RGBA = {1: cv2.COLOR_GRAY2RGBA, 3: cv2.COLOR_BGR2RGBA, 4: cv2.COLOR_BGRA2RGBA}


def shrink(image: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Averages squares of ``factor`` x ``factor`` pixels, colours weighted by their alpha.

    Args:
        image: straight RGBA, uint8 [H, W, 4]; H and W multiples of ``factor``.
        factor: 1 returns the image itself.

    Returns:
        Straight RGBA, uint8 [H / factor, W / factor, 4].
    """
    if factor == 1:
        return image
    height, width = image.shape[0] // factor, image.shape[1] // factor
    blocks = image.reshape(height, factor, width, factor, 4).astype(np.float32)
    alpha = blocks[..., 3:].sum(axis=(1, 3))
    color = (blocks[..., :3] * blocks[..., 3:]).sum(axis=(1, 3)) / np.maximum(alpha, 1)
    result = np.concatenate([color, alpha / factor**2], axis=-1)
    return (result + 0.5).astype(np.uint8)
