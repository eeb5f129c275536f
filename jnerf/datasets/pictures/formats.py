"""Which files are taken for images, by their names, and what is said of those that are not read, by their bytes."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from PIL.Image import DecompressionBombError

#: What Pillow, and imageio on it, raise of files that are damaged, or none of their kinds.
BROKEN = (
    OSError, ValueError, SyntaxError, TypeError, RuntimeError, LookupError, EOFError, OverflowError, MemoryError,
    AttributeError, struct.error, zlib.error, DecompressionBombError,
)  # fmt: skip
#: Endings of image files that are read, in the order in which a name without one is tried.
READ = (
    ".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp",
    ".jpe", ".jfif", ".jp2", ".j2k", ".ppm", ".pgm", ".pbm", ".pnm", ".pam", ".dib", ".ras", ".sr",
)  # fmt: skip

_PHOTO = (
    "convert the photographs to JPEG or PNG ('heif-convert', 'magick mogrify -format jpg', or 'sips -s format jpeg' on "
    "a Mac) without turning or resizing them, and name the new files in the scene"
)
_RAW = "develop the raw photographs to 16-bit TIFF or PNG, and name the new files in the scene"
_LINEAR = "map its linear light to sRGB and write 8- or 16-bit PNG"
_PLAIN = "convert it to PNG, and name the new file in the scene"
_ADVICE = {
    **dict.fromkeys((".heic", ".heif", ".hif", ".avif", ".jxl"), _PHOTO),
    **dict.fromkeys((".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2"), _RAW),
    **dict.fromkeys((".exr", ".hdr", ".pfm"), _LINEAR),
    **dict.fromkeys((".gif", ".tga", ".psd", ".jxr"), _PLAIN),
}

#: Endings of image files that people bring and that are not read.
UNREAD = tuple(_ADVICE)

# Where a kind of file has its mark, the mark, and the ending that such files have.
_MARKS = (
    *((4, b"ftyp" + brand, ".heic") for brand in (b"hei", b"hev", b"mif1", b"msf1")),
    (4, b"ftypavi", ".avif"),
    (4, b"ftypcrx", ".cr3"),
    (0, b"\xff\x0a", ".jxl"),
    (4, b"JXL \r\n\x87\n", ".jxl"),
    (0, b"GIF8", ".gif"),
    (0, b"8BPS", ".psd"),
    (0, b"v/1\x01", ".exr"),
)


def is_image(path: Path) -> bool:
    """Whether a file is called like an image, one that is read or one that is not."""
    return path.suffix.lower() in READ + UNREAD


def why_unread(path: Path, data: bytes) -> str | None:
    """What an image file that cannot be decoded is, and what to do; None if it is of a kind that is read.

    Args:
        path: the file; its bytes count first, then its name.
        data: at least its first 16 bytes.

    >>> why_unread(Path("a.jpg"), b"....ftypheic")[:25]
    'is HEIC, which is not rea'
    """
    by_bytes = (suffix for at, mark, suffix in _MARKS if data[at : at + len(mark)] == mark)
    suffix = next(by_bytes, path.suffix.lower())
    if suffix not in _ADVICE:
        return None
    return f"is {suffix[1:].upper()}, which is not read: {_ADVICE[suffix]}"
