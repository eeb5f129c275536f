"""What JPEG makes of a picture in so many bytes: the yardstick of a picture kept in a network."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from jnerf.metrics import psnr

_LONGEST = 65535  # pixels a side that JPEG can have


@dataclass(frozen=True)
class Jpeg:
    """A picture as JPEG.

    Attributes:
        quality: OpenCV's, 0 .. 100.
        bytes: of the file.
        psnr: of its pixels, dB; inf where none differs.
    """

    quality: int
    bytes: int
    psnr: float


def best_jpeg(picture: NDArray[np.uint8], most: int) -> Jpeg | None:
    """The JPEG of highest quality that takes no more bytes, its colours at full resolution; None if there is none.

    Args:
        picture: RGB [H, W, 3] or grey [H, W].
        most: bytes.

    >>> best_jpeg(np.zeros((64, 64), np.uint8), 10**6).quality
    100
    """
    if max(picture.shape[:2]) > _LONGEST:
        return None
    bgr = picture[..., ::-1] if picture.ndim == 3 else picture
    bgr, best, low, high = np.ascontiguousarray(bgr), None, 0, 100
    while low <= high:
        quality = 100 if best is None and high == 100 and low == 0 else (low + high) // 2
        data = _encode(bgr, quality)
        if len(data) <= most:
            best, low = (quality, data), quality + 1
        else:
            high = quality - 1
    if best is None:
        return None
    quality, data = best
    found = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    # a row of a block at a time: float64 of a whole picture is many times its size
    errors = [
        (len(part), psnr(part / np.float32(255), truth / np.float32(255)))
        for part, truth in zip(_bands(found), _bands(bgr), strict=True)
    ]
    mse = sum(n * 10 ** (-value / 10) for n, value in errors) / len(bgr)
    return Jpeg(quality, len(data), float("inf") if mse == 0 else float(-10 * np.log10(mse)))


def _encode(bgr: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    flags = [cv2.IMWRITE_JPEG_QUALITY, quality]
    if hasattr(cv2, "IMWRITE_JPEG_SAMPLING_FACTOR"):
        flags += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return cv2.imencode(".jpg", bgr, flags)[1]


def _bands(picture: NDArray[np.uint8], rows: int = 256) -> list[NDArray[np.uint8]]:
    return [picture[y : y + rows] for y in range(0, len(picture), rows)]
