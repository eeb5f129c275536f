"""The sharpest frames of a video, evenly spread: one of each window."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.capture.sources.picture import Picture, write_jpeg
from jnerf.datasets.files.paths import nearby
from jnerf.errors import DataError

_LOOKED_AT = 960  # pixels of the longer side: at full size, noise passes for sharpness
# To ffmpeg: every frame once, as they are counted, however long each lasts.
_EACH_ONCE, _EACH_ONCE_BEFORE_5_1 = ["-fps_mode", "passthrough"], ["-vsync", "0"]


def sharpness(image: NDArray[np.uint8]) -> float:
    """Variance of the Laplacian of a picture's grey, at most 960 pixels a side: the larger the sharper.

    Args:
        image: RGB [H, W, 3] or grey [H, W].

    >>> noise = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    >>> sharpness(noise) > sharpness(cv2.GaussianBlur(noise, (5, 5), 2))
    True
    """
    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    factor = _LOOKED_AT / max(grey.shape)
    if factor < 1:
        grey = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


def windows(count: int, wanted: int) -> NDArray[np.int64]:
    """The window of each of ``count`` frames, so that there are ``wanted`` of them, as equal as can be; int64 [count].

    >>> windows(7, 3).tolist()
    [0, 0, 0, 1, 1, 2, 2]
    """
    return np.arange(count, dtype=np.int64) * min(wanted, count) // max(count, 1)


def gather_frames(source: Path, images: Path, wanted: int) -> list[Picture]:
    """Writes the sharpest frame of each window of a video; frames that are there already stay.

    Args:
        source: the video.
        images: the scene's folder of pictures.
        wanted: how many windows.

    Raises:
        DataError: there is no such file, it is no video, or it has fewer than three frames.
    """
    if not source.is_file():
        if source.is_dir():
            raise DataError(f"video {source} is a folder: use 'jnerf process images' for pictures")
        raise DataError(f"video {source} not found. {nearby(source.absolute())}".rstrip())
    images.mkdir(parents=True, exist_ok=True)
    count = _count(source)
    if count < 3:
        raise DataError(f"video {source} has {count} frames: a capture needs many views")
    of = windows(count, wanted)
    n = int(of[-1]) + 1
    names = [f"frame_{k + 1:05d}.jpg" for k in range(n)]
    kept = [(images / name).is_file() for name in names]
    best: tuple[float, NDArray | None] = (-1.0, None)
    label = f"taking {n} of {count} frames"
    for i, frame in enumerate(tqdm(_read(source), label, count, leave=False, disable=None)):
        window = int(of[min(i, count - 1)])
        if kept[window]:
            continue
        value = sharpness(frame)
        if value > best[0]:
            best = value, frame.copy()
        if i + 1 == count or (i + 1 < count and of[i + 1] != window):
            write_jpeg(images / names[window], best[1])
            best = -1.0, None
    if best[1] is not None:  # the video said that it had more
        write_jpeg(images / names[window], best[1])
    return [Picture(name) for name in names if (images / name).is_file()]


def _count(source: Path) -> int:
    import imageio_ffmpeg

    try:
        return int(imageio_ffmpeg.count_frames_and_secs(str(source))[0])
    except (RuntimeError, OSError) as error:
        raise _unreadable(source, error) from error


def _read(source: Path) -> Iterator[NDArray[np.uint8]]:
    """All frames, turned upright by ffmpeg, RGB [H, W, 3]."""
    try:
        frames, (width, height) = _open(source)
        with closing(frames):
            for data in frames:
                yield np.frombuffer(data, np.uint8).reshape(height, width, 3)
    except (RuntimeError, OSError) as error:
        raise _unreadable(source, error) from error


def _open(source: Path) -> tuple[Generator[bytes, None, None], tuple[int, int]]:
    """The bytes of each frame to come, and its width and height."""
    import imageio_ffmpeg

    frames = imageio_ffmpeg.read_frames(str(source), output_params=_EACH_ONCE)
    try:
        return frames, next(frames)["size"]
    except OSError as error:
        if "fps_mode" not in str(error):
            raise
    frames = imageio_ffmpeg.read_frames(str(source), output_params=_EACH_ONCE_BEFORE_5_1)
    return frames, next(frames)["size"]


def _unreadable(source: Path, error: Exception) -> DataError:
    said = str(error).strip().splitlines()
    return DataError(
        f"video {source} cannot be read by ffmpeg: {said[-1][:200] if said else error!r}. It may be truncated or no "
        "video: copy it again, or convert it to mp4"
    )
