"""The tags of a TIFF file: its first page's size, orientation, kind of alpha, and where its pixels lie.

OpenCV's decoder turns pixels as the orientation tag says and multiplies straight alpha into 8-bit colours. Neither is
wanted here, so its bytes are handed over with tags that ask for neither.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

_WIDTH, _HEIGHT, _BITS, _ORIENTATION, _CHANNELS = 256, 257, 258, 274, 277
_BLOCKS = ((273, 279), (324, 325))  # offsets and sizes of strips, or of tiles
_EXTRA = 338  # what the channels behind the colours are
#: Kinds of alpha: colours were multiplied by it, or not.
PREMULTIPLIED, STRAIGHT = 1, 2
_LETTERS = {1: "B", 3: "H", 4: "I", 16: "Q"}  # of whole numbers, by TIFF's number of the type


class Buffer(Protocol):
    """Bytes that can be sliced and counted: in memory, or a file mapped into it."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: slice) -> bytes: ...


@dataclass(frozen=True)
class TiffTags:
    """The whole-numbered tags of a TIFF file's first page.

    Attributes:
        values: of each tag.
        places: where the values of each tag lie in the file, and how they are packed.
    """

    values: Mapping[int, tuple[int, ...]]
    places: Mapping[int, tuple[int, str]]

    def first(self, tag: int, default: int) -> int:
        """The first value of a tag."""
        return self.values.get(tag, (default,))[0]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as stored, pixels."""
        return self.first(_WIDTH, 0), self.first(_HEIGHT, 0)

    @property
    def orientation(self) -> int:
        """1 to 8; 1 where the file says nothing."""
        return self.first(_ORIENTATION, 1)

    @property
    def premultiplied(self) -> bool:
        """Colours were multiplied by alpha."""
        return self.first(_EXTRA, 0) == PREMULTIPLIED

    @property
    def loses_alpha(self) -> bool:
        """Grey with alpha in 8 bits, of which OpenCV reads the grey alone."""
        return self.first(_CHANNELS, 1) == 2 and self.first(_BITS, 1) == 8 and _EXTRA in self.values

    def end(self) -> int:
        """Where the last of the pixels' bytes ends."""
        for offsets, sizes in _BLOCKS:
            if offsets in self.values and sizes in self.values:
                pairs = zip(self.values[offsets], self.values[sizes], strict=False)
                return max(offset + size for offset, size in pairs)
        return 0

    def as_stored(self, data: bytes, alpha: int) -> bytes:
        """The file's bytes with other tags, so that decoders do nothing to the pixels.

        Args:
            data: the file.
            alpha: what to call its alpha, if it has some. OpenCV leaves premultiplied colours alone and multiplies
                straight ones; Pillow leaves straight ones alone and divides the others.
        """
        changed = bytearray(data)
        for tag, old, new in (
            (_ORIENTATION, range(2, 9), 1),
            (_EXTRA, (PREMULTIPLIED, STRAIGHT), alpha),
        ):
            if self.first(tag, 0) in old:
                at, packing = self.places[tag]
                struct.pack_into(packing, changed, at, new)
        return bytes(changed)


def read_tags(data: Buffer) -> TiffTags | None:
    """The tags of a TIFF or BigTIFF file; None if it is neither, or broken."""
    head = bytes(data[:4])
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 4:
        return None
    version = struct.unpack(order + "H", head[2:])[0]
    try:
        if version == 42:
            return _read(data, order, 4, "I", "H")
        if version == 43:
            return _read(data, order, 8, "Q", "Q")
    except struct.error:
        pass
    return None


def _read(data: Buffer, order: str, at: int, offset: str, counter: str) -> TiffTags:
    """Reads the first directory, whose place is written at ``at``; sizes differ between TIFF and BigTIFF."""

    def unpack(packing: str, where: int) -> tuple[int, ...]:
        return struct.unpack(packing, bytes(data[where : where + struct.calcsize(packing)]))

    (start,) = unpack(order + offset, at)
    (count,) = unpack(order + counter, start)
    start += struct.calcsize(order + counter)
    entry, room = order + "HH" + offset, struct.calcsize(order + offset)
    values, places = {}, {}
    for number in range(min(count, 4096)):
        where = start + number * (struct.calcsize(entry) + room)
        tag, kind, n = unpack(entry, where)
        where += struct.calcsize(entry)
        if kind not in _LETTERS or n < 1:
            continue
        packing = f"{order}{n}{_LETTERS[kind]}"
        if struct.calcsize(packing) > room:
            (where,) = unpack(order + offset, where)
        values[tag] = unpack(packing, where)
        places[tag] = where, order + _LETTERS[kind]
    return TiffTags(values, places)
