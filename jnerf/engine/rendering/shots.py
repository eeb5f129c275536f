"""The frames of a film before they are rendered: rays, sizes, names, and what they depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.base import Dataset
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.ndc import NDCCameras
from jnerf.datasets.files.paths import scene_path
from jnerf.engine.rendering.paths.between import between
from jnerf.engine.rendering.paths.camera_path import CameraPath, Flight
from jnerf.engine.rendering.paths.files import load_path
from jnerf.engine.rendering.paths.orbit import orbit
from jnerf.engine.rendering.paths.placement import Elsewhere
from jnerf.engine.rendering.paths.spiral import spiral
from jnerf.engine.rendering.request import FilmRequest, PathRequest
from jnerf.engine.rendering.stage import Stage, field_cameras, world_depths
from jnerf.errors import ConfigError
from jnerf.imaging.image import Image
from jnerf.imaging.view_files import file_stem
from jnerf.judging.smaller import smaller
from jnerf.structures import RayBundle

Floats = NDArray[np.float32]
#: Most frames of a film, nine hours at 30 a second: all its cameras are in memory.
MOST_FRAMES = 1_000_000
#: Most pixels along a side of a frame.
MOST_PIXELS = 65_535


class Timed(Protocol):
    """A path that says how long it takes."""

    def n_frames(self, fps: float) -> int: ...


@dataclass(frozen=True, eq=False)
class Shot:
    """One frame to be rendered.

    Attributes:
        rows: (first, end) -> rays of those pixel rows.
        width: pixels.
        height: pixels.
        label: what its files are called.
        in_world: distances along its rays, from field into world units, [H, W].
        finish: makes the frame of the picture that was rendered.
        finer: points a side of each pixel that are rendered, of which ``rows`` are and ``finish`` makes one.
    """

    rows: Callable[[int, int], RayBundle]
    width: int
    height: int
    label: str
    in_world: Callable[[Floats], Floats]
    finish: Callable[[Image], Image] = lambda image: image
    finer: int = 1


@dataclass(frozen=True, eq=False)
class Reel:
    """A film to be rendered.

    Attributes:
        shots: its frames.
        fps: frames per second.
        about: what the frames depend on, beside the field: compared when a film is gone on with.
        flight: its cameras in world units; None where it has others than pinholes of the world.
    """

    shots: Sequence[Shot]
    fps: float
    about: dict[str, Any]
    flight: Flight | None = None


class CameraRows:
    """Rays of a camera's pixel rows, as :func:`render_view` asks for them."""

    def __init__(self, cameras: Cameras, index: int) -> None:
        self._cameras, self._index = cameras, index

    def __call__(self, y0: int, y1: int) -> RayBundle:
        width = int(self._cameras.sizes[self._index, 0])
        return self._cameras.pixels(self._index, y0 * width, y1 * width, width)


def view_reel(dataset: Dataset, request: FilmRequest, fps: float) -> Reel:
    """The views of a split, each with its own camera.

    Args:
        dataset: the split.
        request: the film.
        fps: frames per second where it does not say.

    Raises:
        ConfigError: the split has no views, or one has no pixel at this scale.
    """
    if dataset.n_images < 1:
        raise ConfigError(
            f"{type(dataset).__name__} has no views of the split '{request.path.split}'. Take another --split, or "
            "--path orbit"
        )
    small = smaller(dataset, round(1 / request.scale))
    views = [small.view(i) for i in range(dataset.n_images)]
    for view in views:
        if min(view.width, view.height) < 1:
            raise ConfigError(
                f"--scale is {request.scale:g}: view {view.name!r} has no pixel left. Take a larger one"
            )
    stems = [file_stem(view.name) for view in views]
    unique = len(set(stems)) == len(stems)
    shots = [
        Shot(
            view.rays,
            view.width,
            view.height,
            stem if unique else f"{i:05d}",
            lambda depths: depths,
        )
        for i, (view, stem) in enumerate(zip(views, stems, strict=True))
    ]
    if dataset.cameras is not None:
        n = round(1 / request.scale)
        shots = [
            replace(shot, in_world=_view_depths(dataset, i, n)) for i, shot in enumerate(shots)
        ]
    about = {"path": "views", "split": request.path.split, "views": [shot.label for shot in shots]}
    about["sizes"] = sorted({(shot.width, shot.height) for shot in shots})
    return Reel(shots, request.fps or fps, about)


def path_reel(
    dataset: Dataset, facts: Any, request: FilmRequest, defaults: Any, root: str | None
) -> Reel:
    """Pinholes along a path.

    Args:
        dataset: the training split.
        facts: what it says of the scene.
        request: the film.
        defaults: the config's block ``render``.
        root: the scene's folder or file, from the config.

    Raises:
        ConfigError: nothing says where the path or how large a frame is.
        DataError: the path's file is wrong, or the cameras make no such path.
    """
    stage = Stage.of(dataset)
    path = _keyframes(dataset, request.path, stage, root)
    fps = request.fps or (path.fps if path and path.fps else None) or float(defaults.fps)
    width, height = _size(request, path, stage, defaults)
    n_frames = frame_count(request, path, fps, defaults.n_frames)
    flight = path.flight(n_frames).with_fov(request.path.fov) if path else None
    cameras = None
    if flight is None and request.path.kind is None and facts["cameras"] is None:
        # Perhaps nothing that an orbit could be made of: the dataset says what can.
        cameras = dataset.flight(n_frames, width, height)
        if cameras is not None and request.path.fov is not None:
            focal = 0.5 * height / np.tan(np.radians(request.path.fov) / 2)
            middles = cameras.intrinsics[:, 2:]
            cameras = replace(cameras, intrinsics=np.column_stack([0 * middles + focal, middles]))
    if cameras is None:
        flight = flight or _around(dataset, request.path, stage, n_frames)
        cameras = field_cameras(dataset, flight, width, height)
    shots = [
        Shot(CameraRows(cameras, i), width, height, f"{i:05d}", _depths(dataset, cameras, i))
        for i in range(len(cameras))
    ]
    seen = cameras.c2w.tobytes() + cameras.intrinsics.tobytes()
    about = {"path": request.path.kind or "orbit", "frames": len(shots), "size": [width, height]}
    about["cameras"] = hashlib.sha256(seen).hexdigest()[:16]
    return Reel(shots, fps, about, flight)


def _keyframes(
    dataset: Dataset, request: PathRequest, stage: Stage, root: str | None
) -> CameraPath | None:
    """The path, where it is one of keyframes."""
    if request.kind == "interpolate":
        _need_cameras(dataset, stage, request)
        return between(stage.c2w, stage.fov, request.order, request.stops, request.loop)
    if request.file is None:
        return None
    place = request.placement
    given = Path(place) if place not in (None, "none") else None
    scene = scene_path(root) if root else Path()
    file = scene if scene.suffix == ".json" else scene / "transforms.json"
    return load_path(request.file, Elsewhere.of_scene(file, given, place == "none"))


def _around(dataset: Dataset, request: PathRequest, stage: Stage, n_frames: int) -> Flight:
    """An orbit or a spiral."""
    _need_cameras(dataset, stage, request)
    fov = request.fov or float(np.median(stage.fov))
    if request.kind == "spiral":
        return spiral(stage.c2w, fov, n_frames, stage.focus_depth, stage.middle)
    if isinstance(dataset.cameras, NDCCameras):
        raise ConfigError(
            "the field is in NDC, which has no far side to fly around. Take --path spiral or interpolate"
        )
    return orbit(stage.c2w, stage.middle, fov, n_frames)


def _need_cameras(dataset: Dataset, stage: Stage, request: PathRequest) -> None:
    if not len(stage.c2w):
        raise ConfigError(
            f"{type(dataset).__name__} has no cameras: there is nothing to fly along. Give a camera path, --path "
            "FILE.json; --task test judges what has no views"
        )


def _size(
    request: FilmRequest, path: CameraPath | None, stage: Stage, defaults: Any
) -> tuple[int, int]:
    """Width and height of the frames."""
    size = request.size or (path.size if path else None)
    if size is None:
        own = stage.size or (None, None)
        size = defaults.width or own[0], defaults.height or own[1]
    if None in size:
        raise ConfigError(
            "the dataset has no images whose size frames could have: give --resolution W H"
        )
    return frame_size(request, size)


def frame_size(request: FilmRequest, size: tuple[float, float]) -> tuple[int, int]:
    """Width and height of the frames: even where a video is made, as its format demands.

    Args:
        request: the film.
        size: before its ``scale``, pixels.

    Raises:
        ConfigError: a side has more than ``MOST_PIXELS``.
    """
    if not max(size) * request.scale <= MOST_PIXELS:
        raise ConfigError(
            f"a frame of {size[0]:g} x {size[1]:g} pixels, times --scale {request.scale:g}, is too large: a side may "
            f"have {MOST_PIXELS} pixels. Lower --resolution or --scale"
        )
    least = 2 if "mp4" in request.formats else 1
    return tuple(max(least, round(n * request.scale) // least * least) for n in size)


def frame_count(request: FilmRequest, path: Timed | None, fps: float, default: int) -> int:
    """How many frames a film has.

    Args:
        request: the film.
        path: what its file says; None where it has none.
        fps: frames per second.
        default: where nothing says.

    Raises:
        ConfigError: more than ``MOST_FRAMES``.
    """
    n = default
    if request.n_frames is not None:
        n = request.n_frames
    elif request.seconds is not None:
        # Bounded before it is rounded, for no integer stands for infinity.
        n = max(1, round(min(request.seconds * fps, MOST_FRAMES + 1)))
    elif request.path.file is not None and path is not None:
        n = path.n_frames(fps)
    if n > MOST_FRAMES:
        raise ConfigError(
            f"the film would have more than {MOST_FRAMES} frames. Lower --frames, --seconds or --fps; the times of a "
            "path's file are seconds"
        )
    return n


def _depths(dataset: Dataset, cameras: Cameras, i: int) -> Callable[[Floats], Floats]:
    return lambda depths: world_depths(dataset, cameras, i, depths)


def _view_depths(dataset: Dataset, i: int, n: int) -> Callable[[Floats], Floats]:
    """The same for every n-th pixel of a view."""
    cameras = dataset.cameras

    def in_world(depths: Floats) -> Floats:
        width, height = cameras.sizes[i].tolist()
        full = np.zeros((height, width), np.float32)
        full[n // 2 :: n, n // 2 :: n] = depths
        return world_depths(dataset, cameras, i, full)[n // 2 :: n, n // 2 :: n]

    return in_world
