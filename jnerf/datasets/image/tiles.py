"""TIFF files that are too large to decode whole: strip by strip or tile by tile into a block of pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.datasets.image.picture import Stored
from jnerf.datasets.pictures.formats import BROKEN
from jnerf.datasets.pictures.pixel_store import byte_block
from jnerf.errors import DataError

_FULL = {"uint8": 255.0, "uint16": 65535.0, "float16": None, "float32": None}


def read_tiff(path: Path, max_gib: float | None) -> Stored:
    """The first page of a TIFF or BigTIFF file, of which one tile at a time is in memory beside the block.

    Args:
        path: the file.
        max_gib: the most memory for the block, GiB; more lies in a file on disk. None is half of what is free.

    Raises:
        DataError: it is damaged, of a kind that is not read, or tifffile is not installed.
    """
    try:
        import tifffile
    except ImportError as error:
        raise DataError(
            f"image {path} is too large to be decoded whole, and tifffile, which reads it by tiles, is not installed: "
            "pip install tifffile imagecodecs"
        ) from error
    try:
        with tifffile.TiffFile(path) as file:
            return _read(path, file.pages[0], max_gib)
    except (tifffile.TiffFileError, *BROKEN) as error:
        mend = " (pip install imagecodecs)" if "imagecodecs" in str(error) else ""
        raise DataError(f"image {path} cannot be decoded by tiles: {error}{mend}") from error


def _read(path: Path, page: Any, max_gib: float | None) -> Stored:
    height, width, channels = page.imagelength, page.imagewidth, page.samplesperpixel
    kind = str(page.dtype)
    colors = {"MINISBLACK": 1, "RGB": 3, "YCBCR": 3}.get(getattr(page.photometric, "name", ""))
    if kind not in _FULL or colors is None or not colors <= channels <= colors + 1:
        raise DataError(
            f"image {path} holds {channels} channels of {kind}, {getattr(page.photometric, 'name', 'unknown')}; by "
            "tiles, grey or RGB of 8 or 16 bits or floats is read, with or without alpha"
        )
    full = _FULL[kind]
    pixels = byte_block(height * width * channels * np.dtype(kind).itemsize, max_gib)
    pixels = pixels.view(kind).reshape(height, width, channels)
    planar = page.planarconfig != 1
    for tile in tqdm(
        page.segments(maxworkers=1), total=len(page.dataoffsets), desc="reading tiles", leave=False
    ):
        _put(pixels, *tile, planar)
    premultiplied = bool(page.extrasamples) and page.extrasamples[0] == 1
    if channels > colors and full is not None and premultiplied:
        _straighten(pixels, full)
    return Stored(pixels, full)


def _put(pixels: NDArray, tile: NDArray | None, at: tuple, shape: tuple, planar: bool) -> None:
    """Writes one decoded tile [depth, h, w, C] where it belongs; of a sparse file, none is black."""
    plane, _, y, x, _ = at
    _, height, width, _ = shape
    target = pixels[y : y + height, x : x + width]
    target = target[..., plane : plane + 1] if planar else target
    target[...] = 0 if tile is None else tile[0, : target.shape[0], : target.shape[1]]


def _straighten(pixels: NDArray, full: float) -> None:
    """Divides colours by the alpha that was multiplied into them, a row at a time."""
    for row in pixels:
        alpha = np.maximum(row[:, -1:].astype(np.float32), 1)
        row[:, :-1] = np.minimum(row[:, :-1] * (np.float32(full) / alpha) + np.float32(0.5), full)
