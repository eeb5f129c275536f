"""Pictures whose file can be read in place, pixel by pixel, however large it is: NumPy, Netpbm, instant-ngp's .bin."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np

from jnerf.datasets.files.array_files import load_array
from jnerf.datasets.image.picture import Stored
from jnerf.errors import DataError

_NETPBM = re.compile(rb"P([56])(?:\s|#[^\n]*\n)+" + rb"(\d+)(?:\s|#[^\n]*\n)+" * 2 + rb"(\d+)\s")
_HEADER = 4096  # bytes in which a Netpbm header ends
_KINDS = {"u1": 255.0, "u2": 65535.0, "f2": None, "f4": None}


def map_picture(path: Path) -> Stored | None:
    """A picture that stays in its file; None if the file is of another kind.

    ``.npy`` holds [H, W] or [H, W, 1 .. 4] of 8 or 16 bits, or of floats; ``.bin`` height and width as int32, then RGBA
    of 16-bit floats.

    Raises:
        DataError: it is of such a kind, and broken.
    """
    if path.suffix.lower() == ".npy":
        return _map_npy(path)
    if path.suffix.lower() == ".bin":
        return _map_bin(path)
    with path.open("rb") as file:
        header = _NETPBM.match(file.read(_HEADER))
    if header is None:
        return None
    kind, width, height, full = (int(group) for group in header.groups())
    if not 0 < full < 65536:
        raise DataError(
            f"image {path}: its header says that {full} is full light; it must be 1 .. 65535"
        )
    shape = height, width, 3 if kind == 6 else 1
    return _map(path, "u1" if full < 256 else ">u2", shape, header.end(), float(full))


def _map_npy(path: Path) -> Stored:
    pixels = load_array(path, mapped=True)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or not 1 <= pixels.shape[2] <= 4 or pixels.dtype.str[1:] not in _KINDS:
        raise DataError(
            f"image {path} holds {list(pixels.shape)} of {pixels.dtype}; it must be [H, W] or [H, W, 1 .. 4] of uint8, "
            "uint16, float16 or float32"
        )
    return Stored(pixels, _KINDS[pixels.dtype.str[1:]])


def _map_bin(path: Path) -> Stored:
    with path.open("rb") as file:
        head = file.read(8)
    if len(head) < 8:
        raise DataError(
            f"image {path} has {len(head)} bytes: it must begin with height and width, int32 each"
        )
    height, width = struct.unpack("<ii", head)
    return _map(path, "<f2", (height, width, 4), 8, None)


def _map(
    path: Path, kind: str, shape: tuple[int, int, int], offset: int, full: float | None
) -> Stored:
    size, needed = (
        path.stat().st_size,
        offset + int(np.prod(shape, dtype=np.int64)) * np.dtype(kind).itemsize,
    )
    if min(shape) < 1:
        raise DataError(f"image {path} has {shape[1]}x{shape[0]} pixels: there is nothing to learn")
    if size < needed:
        raise DataError(
            f"image {path} has {size} bytes, {shape[1]}x{shape[0]} pixels need {needed}: it is truncated. Copy the "
            "file again from its source"
        )
    return Stored(np.memmap(path, kind, "r", offset, shape), full)
