"""Image files as Pillow opens them, of any size: headers and tags, and pixels of those that only it can write again."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import BinaryIO

from PIL import Image

_lock = Lock()


def open_image(file: Path | BinaryIO) -> Image.Image:
    """Opens an image file without Pillow's limit of about 179 million pixels, which photographs may have.

    No pixel is decoded yet.

    Args:
        file: its path, or its bytes.

    Raises:
        OSError: there is none, or it is of no kind that Pillow knows.
        ValueError, SyntaxError: it is damaged; others of ``formats.BROKEN`` as well.
    """
    with _lock:  # the limit is the process's
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(file)
        finally:
            Image.MAX_IMAGE_PIXELS = limit
