"""What can be known of image files before any is decoded: that they are whole, and how large they are.

A broken image is found when a dataset is built, not at the evaluation in the middle of a run.
"""

from __future__ import annotations

import mmap
import os
import re
import warnings
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.pictures.decoding import read_stored
from jnerf.datasets.pictures.formats import BROKEN
from jnerf.datasets.pictures.tiff import read_tags
from jnerf.errors import DataError
from jnerf.imaging.pillow_files import open_image

_JPEG_END = b"\xff\xd9"
# What ends a JPEG scan: neither a stuffed zero, nor a restart, nor a filling byte.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def stored_sizes(paths: Sequence[Path]) -> NDArray[np.int64]:
    """Width and height of images as they are stored, int64 [N, 2]; looks at every file's end as well as its header.

    Args:
        paths: N images.

    Raises:
        DataError: an image is missing, truncated, damaged or of a kind that is not read; names it.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        warnings.simplefilter("ignore")  # Pillow suspects large panoramas of being an attack
        return np.array(list(pool.map(_checked_size, paths)), np.int64).reshape(-1, 2)


def check_masks(paths: Sequence[Path]) -> None:
    """Raises the DataError of :func:`stored_sizes` if a mask is broken."""
    try:
        stored_sizes(paths)
    except DataError as error:
        raise DataError(f"mask: {error}") from None


def _checked_size(path: Path) -> tuple[int, int]:
    if not looks_whole(path):
        read_stored(path)  # it knows for sure, and says what is wrong
    return image_size(path)


def image_size(path: Path) -> tuple[int, int]:
    """Width and height of a stored image in pixels, from its header where that can be read alone.

    Raises:
        DataError: missing, not readable, or no image.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            tags = read_tags(data)
        if tags is not None:  # others would say the size of what the orientation tag makes of it
            return tags.size
        with open_image(path) as image:
            return image.size
    except BROKEN:  # of a kind that only OpenCV knows, or broken
        height, width = read_stored(path).shape[:2]
        return width, height


def looks_whole(path: Path) -> bool:
    """Whether a file is surely an image from its first to its last byte; False where only decoding can tell.

    PNG: the checksums of its pixels are right. JPEG: it has an end. WebP, TIFF: as long as they say.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data[:8] == b"\x89PNG\r\n\x1a\n":
                return _whole_png(data)
            if data[:3] == b"\xff\xd8\xff":
                return data[-2:] == _JPEG_END or _whole_jpeg(data)
            if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
                return len(data) >= int.from_bytes(data[4:8], "little") + 8
            tags = read_tags(data)
            return tags is not None and min(tags.size) > 0 and 0 < tags.end() <= len(data)
    except (OSError, ValueError):  # missing, or empty
        return False


def _whole_png(data: mmap.mmap) -> bool:
    at = 8
    while at + 12 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 8 + size
        if kind == b"IEND":
            return True
        if kind in (b"IHDR", b"PLTE", b"IDAT"):
            checksum = int.from_bytes(data[end : end + 4], "big")
            if end + 4 > len(data) or zlib.crc32(data[at + 4 : end]) != checksum:
                return False
        at = end + 4
    return False


def _whole_jpeg(data: mmap.mmap) -> bool:
    """Walks from marker to marker: telephones write films behind their photographs."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        if data[at : at + 2] == _JPEG_END:
            return True
        scan = data[at + 1] == 0xDA
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if scan:
            found = _JPEG_MARKER.search(data, at)
            if found is None:
                return False
            at = found.start()
    return data[at : at + 2] == _JPEG_END
