"""One image file to 8-bit RGBA, whole, shrunk or resized.

Any 8- or 16-bit grey, grey + alpha, RGB or RGBA file becomes straight (not premultiplied) RGBA bytes; images
without alpha are opaque. Pixels are those that are stored, whatever an orientation tag says (``orientation.py``).
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.pictures.corrections import decode
from jnerf.datasets.pictures.formats import why_unread
from jnerf.errors import DataError


def read_rgba(path: Path) -> NDArray[np.uint8]:
    """Decodes one file to straight RGBA, uint8 [H, W, 4].

    Raises:
        DataError: missing, not readable, truncated, or of a kind that is not 8- or 16-bit colour or grey.
    """
    return to_rgba(read_stored(path), path)


def to_rgba(image: NDArray, path: Path) -> NDArray[np.uint8]:
    """What :func:`read_stored` gives of a file, as straight RGBA, uint8 [H, W, 4].

    Raises:
        DataError: it is not 8- or 16-bit colour or grey.
    """
    image = as_colors(image, path)
    if image.dtype == np.uint16:
        image = ((image.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return cv2.cvtColor(image, _TO_RGBA[1 if image.ndim == 2 else image.shape[2]])


def as_colors(image: NDArray, path: Path) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """What :func:`read_stored` gives of a file, [H, W] or [H, W, 1, 3 or 4]: grey with alpha becomes B, G, R, A.

    Raises:
        DataError: it is not 8- or 16-bit colour or grey.
    """
    channels = 1 if image.ndim == 2 else image.shape[2]
    if image.dtype not in (np.uint8, np.uint16) or channels not in (*_TO_RGBA, 2):
        raise DataError(
            f"image {path} holds {channels} channels of {image.dtype}: expected 8- or 16-bit grey, "
            "RGB or RGBA. Convert it to PNG"
        )
    return image[..., [0, 0, 0, 1]] if channels == 2 else image


_TO_RGBA = {1: cv2.COLOR_GRAY2RGBA, 3: cv2.COLOR_BGR2RGBA, 4: cv2.COLOR_BGRA2RGBA}


def read_stored(path: Path) -> NDArray:
    """Decodes one file as it is stored: any type, [H, W] or [H, W, C], colours in the order B, G, R, A.

    Raises:
        DataError: missing, not readable or truncated.
    """
    try:
        data = np.fromfile(path, np.uint8)
    except FileNotFoundError:
        raise DataError(
            f"image {path} is missing: restore it, or remove its frame from the scene file"
        ) from None
    except OSError as error:
        raise DataError(f"image {path} cannot be read: {error.strerror or error}") from error
    image = decode(data.tobytes())
    if image is None:
        unread = why_unread(path, data[:16].tobytes())
        if unread is not None:
            raise DataError(f"image {path} {unread}")
        raise DataError(
            f"image {path} cannot be decoded: its {data.size} bytes are truncated, damaged or no "
            "image (PNG, JPEG, WebP, TIFF ... are read). Copy the file again from its source"
        )
    return image


def same_shape(stored: tuple[int, int], asked: tuple[int, int]) -> bool:
    """Whether one (width, height) is the other, scaled and rounded to whole pixels.

    >>> same_shape((4946, 3286), (1237, 822)), same_shape((1080, 1920), (1920, 1080))
    (True, False)
    """
    (w0, h0), (w1, h1) = stored, asked
    if min(w0, h0, w1, h1) <= 0:
        return False
    # Rounding moves each side by up to a pixel, which matters most in the smaller image.
    slack = 1 / min(w0, w1) + 1 / min(h0, h1)
    return abs((w0 * h1) / (w1 * h0) - 1) <= slack


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


def resize(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Scales to any size: averages over each new pixel's area, colours weighted by their alpha.

    Where a side grows, it is interpolated linearly.

    Args:
        image: straight RGBA, uint8 [H, W, 4].
        width: pixels.
        height: pixels.

    Returns:
        Straight RGBA, uint8 [height, width, 4].
    """
    if image.shape[:2] == (height, width):
        return image
    grows = width > image.shape[1] or height > image.shape[0]
    how = cv2.INTER_LINEAR if grows else cv2.INTER_AREA
    if (image[..., 3] == 255).all():
        return cv2.resize(image, (width, height), interpolation=how)
    scaled = image.astype(np.float32)
    scaled[..., :3] *= scaled[..., 3:] / np.float32(255)  # premultiplied
    scaled = cv2.resize(scaled, (width, height), interpolation=how)
    scaled[..., :3] *= np.float32(255) / np.maximum(scaled[..., 3:], np.float32(1e-3))
    return (scaled + np.float32(0.5)).clip(0, 255).astype(np.uint8)
