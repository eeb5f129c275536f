"""Image files whose few bytes cannot hold the pixels that their header speaks of: truncated, or damaged.

Decoders take the memory first and find out later. The size that a header says is believed up to what the best of
compressions could have made of it.
"""

from __future__ import annotations

import struct

#: Start of a JPEG 2000 codestream, and of its segment of sizes.
J2K_SIZE = b"\xff\x4f\xff\x51"
_PNG = b"\x89PNG\r\n\x1a\n"
_FEW = 2**26  # bytes of pixels that may be tried in any case
#: Bytes of pixels for a byte of the file: deflate reaches 1032, a JPEG of one colour about 1000.
_MOST = 2000
_JPEG_SIZES = frozenset(
    {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
)


def holds_too_little(data: bytes) -> bool:
    """Whether a PNG, JPEG, JPEG 2000 or BMP file says that it has more pixels, or bytes, than it can hold.

    >>> holds_too_little(b"\\x89PNG\\r\\n\\x1a\\n" + struct.pack(">I4sIIBB", 13, b"IHDR", 30000, 30000, 8, 2))
    True
    """
    return claimed_bytes(data) > max(_FEW, _MOST * len(data)) or _longest_chunk(data) > _FEW


def claimed_bytes(data: bytes) -> int:
    """Bytes of the pixels that the header of such a file speaks of; 0 of any other file."""
    try:
        start = data.find(J2K_SIZE, 0, 4096)
        if start >= 0:
            width, height = struct.unpack_from(">II", data, start + 8)
            return width * height * struct.unpack_from(">H", data, start + 40)[0]
        if data.startswith(_PNG):
            width, height, depth, color = struct.unpack_from(">IIBB", data, 16)
            channels = {0: 1, 2: 3, 3: 3, 4: 4}.get(color, 4)  # as OpenCV decodes them
            return width * height * channels * (2 if depth == 16 else 1)
        if data.startswith(b"\xff\xd8"):
            return _jpeg_bytes(data)
        if data.startswith(b"BM"):
            width, height = struct.unpack_from("<ii", data, 18)
            return abs(width * height) * 3
    except struct.error:  # there is not even a header
        pass
    return 0


def _longest_chunk(data: bytes) -> int:
    """Bytes by which a chunk of a PNG file goes beyond its end; what follows the last chunk is none."""
    at, most, kind = 8, 0, b""
    while data.startswith(_PNG) and at + 8 <= len(data) and kind != b"IEND":
        kind = data[at + 4 : at + 8]
        at += int.from_bytes(data[at : at + 4], "big") + 12
        most = max(most, at - len(data))
    return most


def _jpeg_bytes(data: bytes) -> int:
    """Walks over the segments to the one that says the size."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        kind = data[at + 1]
        if kind in _JPEG_SIZES:
            height, width, channels = struct.unpack_from(">HHB", data, at + 5)
            return width * height * channels
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big") if kind != 0xFF else 1
    return 0
