"""The judge of a picture kept in a field: PSNR over all of its pixels, a part of them at a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jnerf.imaging.pictures import error_picture, to_uint8, write_png
from jnerf.imaging.view_files import ViewFiles
from jnerf.judging.jpeg import best_jpeg
from jnerf.judging.judgement import Judgement, Subject
from jnerf.metrics import psnr, ssim
from jnerf.metrics.ssim import WINDOW
from jnerf.structures import RayBundle

if TYPE_CHECKING:
    from jnerf.datasets.image.picture import Picture

Bytes = NDArray[np.uint8]
PointsOf = Callable[[int, int], RayBundle]

#: Pixels asked for at once; those of a picture up to which its 8 bits are kept; and those a side of the strip.
_AT_ONCE, _MOST_KEPT, _STRIP = 2**17, 2**24, 1024
_COMPARED = 2**19  # pixels compared at once
#: The error, of 1, at the end of its colours.
_FULL_ERROR = 0.05


def judge_picture(
    picture: Picture, subject: Subject, points: PointsOf, name: str, folder: Path | None
) -> Judgement:
    """Compares every pixel with the field at its centre.

    Args:
        picture: the truth.
        subject: the model.
        points: (first, end) -> the centres of those pixels, counted row after row.
        name: of the picture, for its files.
        folder: where pictures go; None: only ``psnr`` is found, nothing is written.

    Returns:
        ``psnr`` of the values as they are, over all pixels and channels. With a folder, of pictures of up to 2^24
        pixels also ``psnr_8bit`` and ``ssim``, of the prediction as its PNG has it, and in the protocol what JPEG makes
        of as many bytes as the parameters take.
    """
    began = time.monotonic()
    keep = folder is not None and picture.n_pixels <= _MOST_KEPT
    shape = picture.height, picture.width, 3
    kept = np.empty((picture.n_pixels, 3), np.uint8) if keep else None
    strip = None if folder is None else _Strip(picture)
    squares = 0.0
    for first in range(0, picture.n_pixels, _AT_ONCE):
        end = min(first + _AT_ONCE, picture.n_pixels)
        found = subject.render(points(first, end)).colors.numpy()
        truth = picture.part(first, end)
        squares += float(np.square(found - truth, dtype=np.float64).sum())
        if folder is not None:
            seen = to_uint8(picture.in_srgb(found))
            strip.take(first, seen, to_uint8(picture.in_srgb(truth)))
            if keep:
                kept[first:end] = seen
    error = squares / (3 * picture.n_pixels)
    mean = {"psnr": _decibels(error / picture.peak**2)}
    protocol = _protocol(picture, subject)
    if folder is not None:
        files = ViewFiles(folder, name)
        folder.mkdir(parents=True, exist_ok=True)
        write_png(files.strip, strip.picture())
        if keep:
            found = kept.reshape(shape)
            truth = _in_8_bits(picture)
            mean |= _compare(found, truth)
            protocol["rate"] = _rate(truth[..., 0] if picture.grey else truth, subject.n_parameters)
            write_png(folder / f"{files.strip.stem}_prediction.png", found)
            write_png(folder / f"{files.strip.stem}_truth.png", truth)
            errors = error_picture(found, truth, _FULL_ERROR)
            write_png(folder / f"{files.strip.stem}_error.png", errors)
        else:
            protocol["left_out"] = (
                f"psnr_8bit, ssim, JPEG and whole pictures, beyond {_MOST_KEPT} pixels"
            )
    row = {"name": name, **mean, "seconds": round(time.monotonic() - began, 4)}
    return Judgement(mean, [row], protocol=protocol)


def _protocol(picture: Picture, subject: Subject) -> dict[str, Any]:
    n = subject.n_parameters
    return {
        "resolution": [picture.width, picture.height],
        "metric": "psnr = -10 log10(sum of squared errors / (3 N) / peak^2), of values neither clipped nor rounded",
        "pixels": "all, each at its centre; the same that were trained on",
        "peak": picture.peak,
        "parameters": n,
        "parameters_per_pixel": round(n / picture.n_pixels, 4),
        "error_picture": f"mean absolute error, its colours end at {_FULL_ERROR}",
        "error_full": _FULL_ERROR,
    }


def _rate(truth: Bytes, n_parameters: int) -> dict[str, Any]:
    """Bytes of the parameters, and the best JPEG of no more bytes; the model's PSNR is of fp32 either way."""
    n_pixels, found = truth.shape[0] * truth.shape[1], {}
    for precision, width in (("fp32", 4), ("fp16", 2)):
        size = width * n_parameters
        found[precision] = {"bytes": size, "bits_per_pixel": round(8 * size / n_pixels, 4)}
        jpeg = best_jpeg(truth, size)
        if jpeg is not None:
            found[precision]["jpeg"] = {
                "bytes": jpeg.bytes,
                "bits_per_pixel": round(8 * jpeg.bytes / n_pixels, 4),
                "quality": jpeg.quality,
                "psnr": round(jpeg.psnr, 3),
            }
    return found


def _compare(found: Bytes, truth: Bytes) -> dict[str, float]:
    """Metrics of the two in 8 bits; structure in bands, whose windows are those of the whole picture."""
    height, width = found.shape[:2]
    squares = 0.0
    for y, end in _bands(height, width):
        error = psnr(_unit(found[y:end]), _unit(truth[y:end]))
        squares += (end - y) * 10 ** (-error / 10)
    mean = {"psnr_8bit": _decibels(squares / height)}
    if min(height, width) >= WINDOW:
        windows, total = height - WINDOW + 1, 0.0
        for y, end in _bands(windows, width):
            rows = slice(y, end + WINDOW - 1)
            total += (end - y) * ssim(_unit(found[rows]), _unit(truth[rows]))
        mean["ssim"] = total / windows
    return mean


def _in_8_bits(picture: Picture) -> Bytes:
    found = np.empty((picture.height, picture.width, 3), np.uint8)
    for y, end in _bands(picture.height, picture.width):
        found[y:end] = to_uint8(picture.in_srgb(picture.rows(y, end)))
    return found


def _bands(height: int, width: int) -> list[tuple[int, int]]:
    """(first, end) of rows that are compared at once."""
    n = max(2 * WINDOW, _COMPARED // width)
    return [(y, min(y + n, height)) for y in range(0, height, n)]


def _unit(image: Bytes) -> NDArray[np.float32]:
    return image / np.float32(255)


def _decibels(error: float) -> float:
    # a field that is right to the last bit is as good as float32 can say
    return -10 * math.log10(max(error, 1e-15))


class _Strip:
    """Prediction, truth and error side by side, of every n-th pixel where the picture is large."""

    def __init__(self, picture: Picture) -> None:
        self._width = picture.width
        self._n = -(-max(picture.width, picture.height) // _STRIP)
        size = -(-picture.height // self._n), -(-picture.width // self._n), 3
        self._found, self._truth = np.zeros(size, np.uint8), np.zeros(size, np.uint8)

    def take(self, first: int, found: Bytes, truth: Bytes) -> None:
        """Takes pixels counted row after row from ``first`` on, [k, 3] each."""
        y, x = np.divmod(np.arange(first, first + len(found)), self._width)
        mine = (y % self._n == 0) & (x % self._n == 0)
        y, x = y[mine] // self._n, x[mine] // self._n
        self._found[y, x], self._truth[y, x] = found[mine], truth[mine]

    def picture(self) -> Bytes:
        """RGB [h, 3 w, 3]."""
        error = error_picture(self._found, self._truth, _FULL_ERROR)
        return np.concatenate([self._found, self._truth, error], axis=1)
