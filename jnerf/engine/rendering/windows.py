"""Films and pictures of a field of two dimensions: windows of it, at any resolution."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.base import Dataset
from jnerf.engine.rendering.paths.windows import WindowPath, load_windows, zoom
from jnerf.engine.rendering.request import FILMS, FLAT_KINDS, FilmRequest
from jnerf.engine.rendering.shots import Reel, Shot, frame_count, frame_size
from jnerf.errors import ConfigError
from jnerf.imaging.image import Image
from jnerf.structures import RayBundle

#: What a frame of a picture may show, of the renderer's channels.
FLAT = frozenset({"colors", "opacities"})
#: Pixels of the longer side of a frame where nobody says.
_LONGEST = 1024
#: Points a side of a frame's pixel, at most, where it holds several of the picture's.
_FINEST = 4

Floats = NDArray[np.float64]


def flat_request(request: FilmRequest) -> FilmRequest:
    """A film of a picture, with what pictures have for granted.

    Raises:
        ConfigError: it asks for cameras, or contradicts itself.
    """
    path = request.path
    if path.kind is not None and path.kind not in FLAT_KINDS and path.file is None:
        raise ConfigError(
            f"--path {path.kind} needs cameras, and a picture has none: give --path {' or '.join(FLAT_KINDS)}, a path "
            "of windows, --path FILE.json, or --window LEFT TOP RIGHT BOTTOM"
        )
    for flag, value in (
        ("--fov", path.fov),
        ("--depth-range", request.depth_range),
        ("--save-path", request.save_path),
    ):
        if value is not None:
            raise ConfigError(f"{flag} is of cameras, and a picture has none: leave it out")
    if path.window is None:
        return replace(request, path=replace(path, kind=path.kind or FLAT_KINDS[0]))
    if request.n_frames is not None or request.seconds is not None:
        raise ConfigError("--frames and --seconds do not go with --window: it is one picture")
    pictures = tuple(name for name in request.formats if name not in FILMS)
    return replace(request, n_frames=1, formats=pictures or ("png",))


def window_reel(dataset: Dataset, request: FilmRequest, defaults: Any) -> Reel:
    """Windows of a picture as frames.

    Args:
        dataset: the training split, of two dimensions.
        request: the film, see :func:`flat_request`.
        defaults: the config's block ``render``.

    Raises:
        DataError: the path's file is wrong.
    """
    extent = dataset.picture_size or tuple(dataset.aabb[2:] - dataset.aabb[:2])
    file = request.path.file
    path = load_windows(file) if file is not None else None
    fps = request.fps or (path.fps if path and path.fps else None) or float(defaults.fps)
    n_frames = frame_count(request, path, fps, defaults.n_frames)
    windows = _windows(request, path, extent, n_frames)
    size = _size(request, path, windows[0], defaults, dataset.picture_size is not None)
    shots = []
    for i, window in enumerate(windows):
        view = _View(dataset, extent, _grown(window, size), *size)
        shots.append(
            Shot(view.rows, *size, f"{i:05d}", lambda depths: depths, view.finish, view.finer)
        )
    about = {"path": request.path.name, "frames": len(shots), "size": list(size)}
    about["windows"] = hashlib.sha256(windows.tobytes()).hexdigest()[:16]
    return Reel(shots, fps, about)


def _windows(
    request: FilmRequest, path: WindowPath | None, extent: tuple[float, float], n_frames: int
) -> Floats:
    if request.path.window is not None:
        return np.array([request.path.window], np.float64)
    if path is None:
        return zoom(*extent, n_frames)
    return path.at(np.linspace(path.times[0], path.times[-1], n_frames))


def _size(
    request: FilmRequest, path: WindowPath | None, window: Floats, defaults: Any, pixels: bool
) -> tuple[int, int]:
    """Width and height of the frames: of a single window its own pixels."""
    across, down = window[2] - window[0], window[3] - window[1]
    size = request.size or (path.size if path else None)
    if size is None and (defaults.width or defaults.height):
        width = defaults.width or round(defaults.height * across / down)
        size = width, defaults.height or round(width * down / across)
    if size is None:
        longest = max(across, down)
        if request.path.window is None or not pixels:
            longest = min(longest, _LONGEST) if pixels else _LONGEST
        size = across * longest / max(across, down), down * longest / max(across, down)
    return frame_size(request, size)


def _grown(window: Floats, size: tuple[int, int]) -> Floats:
    """A window of the frame's shape about the same middle, with all of the window in it."""
    middle, edges = (window[:2] + window[2:]) / 2, window[2:] - window[:2]
    half = np.array(size) * (edges / size).max() / 2
    return np.concatenate([middle - half, middle + half])


@dataclass(frozen=True, eq=False)
class _View:
    """A window as a frame.

    Attributes:
        dataset: owns the field's box.
        extent: width and height of all of the picture, in units of the window.
        window: left, top, right, bottom.
        width: of the frame, pixels.
        height: of the frame, pixels.
    """

    dataset: Dataset
    extent: tuple[float, float]
    window: Floats
    width: int
    height: int

    @property
    def finer(self) -> int:
        """Points a side of each pixel: as many as pixels of the picture lie there, within bounds."""
        if self.dataset.picture_size is None:
            return 1
        return int(
            np.clip(np.ceil((self.window[2] - self.window[0]) / self.width - 1e-3), 1, _FINEST)
        )

    def rows(self, y0: int, y1: int) -> RayBundle:
        """Points of rows of the finer frame; those beyond the picture are moved to its edge."""
        u, v = (np.clip(part, 0, 1) for part in self._unit())
        low, high = np.split(self.dataset.aabb.astype(np.float64), 2)
        unit = np.stack(np.meshgrid(u, v[y0:y1]), axis=-1).reshape(-1, 2)
        points = (low + unit * (high - low)).astype(np.float32)
        return RayBundle(jt.array(points), jt.zeros(points.shape))

    def finish(self, image: Image) -> Image:
        """The frame of the finer one: in sRGB, averaged, with nothing beyond the picture."""
        u, v = ((part >= 0) & (part <= 1) for part in self._unit())
        inside = (v[:, None] & u[None]).astype(np.float32)
        colors = self.dataset.displayed(image.colors) * inside[..., None]
        opacities = image.opacities * inside
        return Image(
            self._averaged(colors), self._averaged(opacities), self._averaged(image.depths)
        )

    def _unit(self) -> tuple[Floats, Floats]:
        """Columns and rows of the finer frame in [0, 1] of the picture, or beyond."""
        found = []
        for axis, n in enumerate((self.width * self.finer, self.height * self.finer)):
            first, last = self.window[axis], self.window[axis + 2]
            found.append((first + (np.arange(n) + 0.5) / n * (last - first)) / self.extent[axis])
        return tuple(found)

    def _averaged(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        n = self.finer
        blocks = values.reshape(self.height, n, self.width, n, *values.shape[2:])
        return values if n == 1 else blocks.mean(axis=(1, 3))
