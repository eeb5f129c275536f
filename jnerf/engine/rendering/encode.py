"""Frames to films: mp4 and gif."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterable, Iterator
from itertools import chain, count, islice, pairwise
from pathlib import Path

import cv2
import imageio.v2 as imageio
import numpy as np
from numpy.typing import NDArray

from jnerf.files import write_atomic

Bytes = NDArray[np.uint8]
_GIF_WIDTH = (
    800  # a gif stores 8-bit frames almost uncompressed; larger ones are of no use on a page
)
_GIF_RATE = 50  # frames per second at most: browsers show a frame of less than 20 ms for 100
_GIF_PIECE = 128  # frames made together: Pillow holds all that it is given to the end
_GIF_LONGEST = 655_350  # ms that a frame can be shown


def write_film(file: Path, frames: Iterable[Bytes], fps: float, size: tuple[int, int]) -> None:
    """Writes a film, whole or not at all.

    Args:
        file: ``.mp4`` (H.264) or ``.gif``, which above 50 frames per second has every second one, or third ...;
            it shows no frame longer than 655.35 s.
        frames: RGB [H, W, 3], in order.
        fps: frames per second.
        size: width and height of the film; smaller frames stand in its top left corner, on black.

    Raises:
        OSError: the file cannot be written; RuntimeError, ImportError: ffmpeg cannot.
    """
    write = _write_gif if file.suffix == ".gif" else _write_mp4
    write_atomic(file, lambda temporary: write(temporary, _padded(frames, size), fps))


def _write_mp4(file: Path, frames: Iterator[Bytes], fps: float) -> None:
    import imageio_ffmpeg  # where there is no ffmpeg, a gif can still be made

    first = next(frames)
    size = first.shape[1], first.shape[0]
    # macro_block_size 2: it would else scale every video to a multiple of 16. The file's name does not say what it is.
    options = {"macro_block_size": 2, "quality": 8, "output_params": ["-f", "mp4"]}
    mp4 = imageio_ffmpeg.write_frames(str(file), size, fps=fps, **options)
    mp4.send(None)
    try:
        for frame in chain([first], frames):
            mp4.send(np.ascontiguousarray(frame))
    finally:
        mp4.close()
    if b"moov" not in _boxes(file):  # written last, of which imageio_ffmpeg says nothing
        raise RuntimeError("ffmpeg ended before the film was whole")


def _boxes(file: Path) -> set[bytes]:
    """Names of the parts of an mp4 file; none of one that is cut off within a part."""
    names, at, end = set(), 0, file.stat().st_size
    with file.open("rb") as stream:
        while at + 8 <= end:
            stream.seek(at)
            length, name = struct.unpack(">I4s", stream.read(8))
            if length == 1:  # a larger one: behind the name
                length = int.from_bytes(stream.read(8), "big")
            if length < 8:
                break
            names.add(name)
            at += length
    return names if at == end else set()


def _write_gif(file: Path, frames: Iterator[Bytes], fps: float) -> None:
    every = math.ceil(fps / _GIF_RATE)
    small = (_at_most(frame, _GIF_WIDTH) for frame in islice(frames, 0, None, every))
    # The file counts hundredths of a second. Ends of frames are cut to these, not durations, which would add up.
    ends = (int(100 * every * i / fps) for i in count())
    durations = (min(10 * (end - start), _GIF_LONGEST) for start, end in pairwise(ends))
    with file.open("wb") as stream:
        for i, (piece, shown) in enumerate(_pieces(zip(small, durations, strict=False))):
            # Made in memory: imageio's writer of a file on a full disk would try again, loudly, when it is thrown away.
            gif = io.BytesIO()
            how = shown if len(piece) > 1 else shown[0]  # Pillow takes no list of one
            imageio.mimwrite(gif, piece, format="GIF", duration=how, loop=0)
            stream.write(_going_on(gif.getvalue()) if i else gif.getvalue()[:-1])
        stream.write(b";")


def _pieces(timed: Iterable[tuple[Bytes, int]]) -> Iterator[tuple[list[Bytes], list[int]]]:
    """Frames and their durations, some at a time; of like frames Pillow makes one, which is not to last too long."""
    piece: list[Bytes] = []
    shown: list[int] = []
    for frame, duration in timed:
        if len(piece) == _GIF_PIECE or sum(shown) + duration > _GIF_LONGEST:
            yield piece, shown
            piece, shown = [], []
        piece.append(frame)
        shown.append(duration)
    yield piece, shown


def _going_on(gif: bytes) -> bytes:
    """What stands in a gif, to go on in another: its first frame brings the colours along that were the file's."""
    flags = gif[10]
    start = 13 + 3 * (2 << (flags & 7))
    at, shown = start, b""
    while gif[at] == ord("!"):  # how long the frame is shown, and how often the film
        end = at + 2
        while gif[end]:
            end += gif[end] + 1
        if gif[at + 1] == 249:
            shown = gif[at : end + 1]
        at = end + 1
    own = gif[at + 9] | 128 | flags & 7
    return shown + gif[at : at + 9] + bytes([own]) + gif[13:start] + gif[at + 10 : -1]


def _padded(frames: Iterable[Bytes], size: tuple[int, int]) -> Iterator[Bytes]:
    width, height = size
    for frame in frames:
        down, right = height - frame.shape[0], width - frame.shape[1]
        yield np.pad(frame, ((0, down), (0, right), (0, 0))) if down or right else frame


def _at_most(frame: Bytes, width: int) -> Bytes:
    if frame.shape[1] <= width:
        return frame
    height = max(1, round(frame.shape[0] * width / frame.shape[1]))
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
