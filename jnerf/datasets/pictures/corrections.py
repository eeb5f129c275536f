"""What OpenCV's decoders leave out or get wrong, put right from the file's own bytes.

- Grey PNG with one transparent grey: alpha is 0 there.
- Binary Netpbm files (PPM, PGM) whose greatest value is not 255 or 65535; all of PAM.
- JPEG 2000 of 9 to 15 bits.
- TIFF: pixels as stored, alpha straight (``tiff.py``).

Arrays are as OpenCV gives them: [H, W] or [H, W, C], in the order B, G, R, A.
"""

from __future__ import annotations

import re

import cv2
import imageio.v3 as imageio
import numpy as np
from numpy.typing import NDArray
from PIL.Image import DecompressionBombError

from jnerf.datasets.pictures.formats import BROKEN
from jnerf.datasets.pictures.plausible import J2K_SIZE, holds_too_little
from jnerf.datasets.pictures.tiff import PREMULTIPLIED, STRAIGHT, TiffTags, read_tags
from jnerf.imaging.opencv_log import silent

_PNG = b"\x89PNG\r\n\x1a\n"
_NETPBM = re.compile(rb"P[56](?:\s|#[^\n]*\n)+" + rb"(\d+)(?:\s|#[^\n]*\n)+" * 2 + rb"(\d+)\s")
_PAM = re.compile(rb"P7\s.*?\nENDHDR\n", re.DOTALL)


def decode(data: bytes) -> NDArray | None:
    """One image file's pixels as they are stored, of any type; None if it cannot be decoded, or has no pixel."""
    image = _decode(data)
    return None if image is None or not image.size else image


def _decode(data: bytes) -> NDArray | None:
    tags = read_tags(data)
    if tags is not None:
        return _decode_tiff(data, tags)
    header = _PAM.match(data)
    if header is not None:
        return _decode_pam(data, header[0])
    image = _opencv(data)
    if image is None:
        return None
    if data.startswith(_PNG):
        return _with_transparent_grey(image, data)
    if data[:1] == b"P":
        return _full_range(image, _netpbm_maximum(data))
    start = data.find(J2K_SIZE, 0, 4096)
    if start >= 0 and image.dtype == np.uint16 and len(data) > start + 42:
        return _full_range(image, 2 ** ((data[start + 42] & 0x7F) + 1) - 1)
    return image


def _opencv(data: bytes) -> NDArray | None:
    if not data or holds_too_little(data) or (_is_j2k(data) and not _pillow_reads(data)):
        return None
    try:
        with silent():
            return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # a kind that this build of it leaves out
        return None


def _is_j2k(data: bytes) -> bool:
    """Whether OpenCV would take bytes for JPEG 2000."""
    return data.startswith(J2K_SIZE) or b"jP" in data[:12]


def _pillow_reads(data: bytes) -> bool:
    """Whether Pillow can decode a JPEG 2000 file, or finds it too large to try: OpenCV crashes on some broken ones."""
    try:
        imageio.imread(data, plugin="pillow", index=0)
    except DecompressionBombError:
        return True
    except BROKEN:
        return False
    return True


def _decode_tiff(data: bytes, tags: TiffTags) -> NDArray | None:
    if tags.loses_alpha:
        try:
            image = imageio.imread(tags.as_stored(data, STRAIGHT), plugin="pillow", index=0)
        except BROKEN:
            return None
    else:
        image = _opencv(tags.as_stored(data, PREMULTIPLIED))
    if image is not None and tags.premultiplied and image.ndim == 3 and image.shape[2] in (2, 4):
        alpha = image[..., -1:].astype(np.float32)
        full = np.float32(np.iinfo(image.dtype).max)
        straight = image[..., :-1] * (full / np.maximum(alpha, 1)) + np.float32(0.5)
        image[..., :-1] = np.minimum(straight, full)
    return image


def _with_transparent_grey(image: NDArray, data: bytes) -> NDArray:
    """Grey PNG with the alpha that its tRNS chunk says: 0 at one grey, else full."""
    depth, color = data[24], data[25]
    at, end = data.find(b"tRNS"), data.find(b"IDAT")
    if color != 0 or image.ndim != 2 or not 0 <= at < end:
        return image
    grey = int.from_bytes(data[at + 4 : at + 6], "big") & (2**depth - 1)
    full = np.iinfo(image.dtype).max
    if depth < 8:
        grey = grey * 255 // (2**depth - 1)  # what OpenCV made of it
    return np.dstack([image, np.where(image == grey, 0, full).astype(image.dtype)])


def _netpbm_maximum(data: bytes) -> int | None:
    """The value that stands for full light, where the header says one."""
    found = _NETPBM.match(data)
    return int(found[3]) if found is not None else None


def _decode_pam(data: bytes, header: bytes) -> NDArray | None:
    """A PAM file, of which OpenCV knows some kinds alone, and confuses their red and blue."""
    facts = dict(line.split(maxsplit=1) for line in header.split(b"\n") if b" " in line)
    try:
        keys = (b"HEIGHT", b"WIDTH", b"DEPTH", b"MAXVAL")
        height, width, depth, maximum = (int(facts[key]) for key in keys)
        kind = np.dtype(np.uint8 if maximum < 256 else ">u2")
        flat = np.frombuffer(data, kind, height * width * depth, len(header))
    except (KeyError, ValueError):  # no number, or too few bytes
        return None
    if depth not in (1, 2, 3, 4):
        return None
    image = flat.reshape(height, width, depth).astype(kind.newbyteorder("="))
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}.get(depth)
    image = np.ascontiguousarray(image[..., order]) if order else image
    return _full_range(image, maximum)


def _full_range(image: NDArray, maximum: int | None) -> NDArray:
    """Values of 0 .. maximum stretched to all that the array's type has."""
    full = np.iinfo(image.dtype).max if image.dtype.kind == "u" else 0
    if not maximum or maximum >= full:
        return image
    scaled = image.astype(np.float64) * full / maximum + 0.5
    return np.minimum(scaled, full).astype(image.dtype)
