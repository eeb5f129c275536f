"""Which part of a picture a film shows: windows of it, and the keyframes between which they may lie.

As a json file, described in docs/rendering.md:

    {"format": "jnerf window path", "version": 1, "fps": 30, "width": 1280, "height": 720,
     "keyframes": [{"time": 0.0, "window": [0, 0, 5400, 2700]}, {"time": 4.0, "window": [2600, 600, 2900, 750]}]}

A window is left, top, right, bottom, in pixels of the picture, whose first pixel spans 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.engine.rendering.paths.fields import Fields
from jnerf.engine.rendering.paths.files import load_json
from jnerf.errors import DataError

Floats = NDArray[np.float64]
FORMAT, VERSION = "jnerf window path", 1
#: How much smaller than the picture the window is in the middle of a zoom.
CLOSEST = 16.0


@dataclass(frozen=True, eq=False)
class WindowPath:
    """K keyframes and the way between them.

    Attributes:
        windows: left, top, right, bottom, float64 [K, 4].
        times: seconds, ascending, [K].
        fps: frames per second that the film was meant to have; None: not said.
        size: width and height in pixels that it was meant to have; None: not said.

    Raises:
        DataError: a window is empty, or times do not rise.
    """

    windows: Floats
    times: Floats
    fps: float | None = None
    size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for i, (left, top, right, bottom) in enumerate(self.windows):
            if not (left < right and top < bottom):
                raise DataError(
                    f"keyframe {i}: window is {[left, top, right, bottom]}; it must be left, top, right, bottom, left "
                    "less than right and top less than bottom"
                )
        if (np.diff(self.times) <= 0).any():
            raise DataError(f"times of keyframes must rise, got {list(self.times)}")

    def n_frames(self, fps: float) -> int:
        """Frames of a film in its own time, both ends shown."""
        return round((self.times[-1] - self.times[0]) * fps) + 1

    def at(self, times: ArrayLike) -> Floats:
        """Windows at times, [N, 4]; before the first and after the last they stand still.

        Sizes change by the same factor in the same time, and one point of the picture keeps its place meanwhile.
        """
        times = np.clip(times, self.times[0], self.times[-1])
        if len(self.windows) == 1:
            return np.repeat(self.windows, len(times), axis=0)
        k = np.clip(np.searchsorted(self.times, times, "right") - 1, 0, len(self.times) - 2)
        part = ((times - self.times[k]) / (self.times[k + 1] - self.times[k]))[:, None]
        return between(self.windows[k], self.windows[k + 1], part)


def between(a: Floats, b: Floats, part: Floats) -> Floats:
    """Windows on the way from ``a`` [N, 4] to ``b`` [N, 4], 0 .. 1 of it gone, [N, 1].

    >>> between(np.array([[0, 0, 16, 16.0]]), np.array([[0, 0, 1, 1.0]]), np.array([[0.5]])).tolist()
    [[0.0, 0.0, 4.0, 4.0]]
    """
    size_a, size_b = a[:, 2:] - a[:, :2], b[:, 2:] - b[:, :2]
    size = size_a * (size_b / size_a) ** part
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.where(np.isclose(size_a, size_b), part, (size_a - size) / (size_a - size_b))
    corner = a[:, :2] + (b[:, :2] - a[:, :2]) * moved
    return np.concatenate([corner, corner + size], axis=1)


def zoom(width: float, height: float, n_frames: int) -> Floats:
    """From the whole picture into its middle and out again, for a film that begins anew, [n_frames, 4].

    Args:
        width: of the picture.
        height: of the picture.
        n_frames: windows.
    """
    whole = np.array([0.0, 0.0, width, height])
    middle = np.array([width, height, width, height]) / 2
    closest = middle + (whole - middle) / CLOSEST
    part = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_frames) / n_frames)
    pair = np.tile(whole, (n_frames, 1)), np.tile(closest, (n_frames, 1))
    return between(*pair, part[:, None])


def load_windows(file: Path) -> WindowPath:
    """Reads a path of windows.

    Raises:
        DataError: the file is missing, no such json, or what it says is no path; names the place.
    """
    fields = Fields(str(file), load_json(file))
    found = fields.values.get("format")
    if found != FORMAT or fields.number("version", VERSION) != VERSION:
        raise DataError(
            f"{file}: its format is {found!r}; a film of a picture needs '{FORMAT}', version {VERSION}, with "
            "'keyframes' of 'time' and 'window' (left, top, right, bottom in pixels)"
        )
    entries = fields.items("keyframes")
    windows = np.stack([entry.matrix("window", (4,)) for entry in entries])
    times = np.array([entry.number("time") for entry in entries])
    with fields.named():
        return WindowPath(
            windows, times, fields.positive("fps", None), fields.size("width", "height")
        )
