"""What a film is to be: the options of ``jnerf render``."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jnerf.engine.rendering.paths.between import ORDERS, STOPS, Order
from jnerf.errors import ConfigError

#: Paths that need no file.
KINDS = ("orbit", "spiral", "interpolate", "views")
#: Those of scenes of two dimensions.
FLAT_KINDS = ("zoom",)
#: What a frame may show: the first is its colour.
CHANNELS = ("color", "depth", "normal", "opacity")
FORMATS = ("mp4", "gif", "png", "exr")
FILMS = ("mp4", "gif")
Color = tuple[float, float, float]
BLACK: Color = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class PathRequest:
    """Where the camera goes.

    Attributes:
        kind: "orbit", "spiral", "interpolate", "views", or a camera path file, ``....json``; None: what the dataset
            says, else an orbit. Of pictures "zoom", or a path of windows, ``....json``; None: a zoom.
        window: of a picture, the part of it that is shown: left, top, right, bottom, pixels; None: all of it.
        split: views: of which split.
        order: interpolate: see ``paths/between.py``.
        stops: interpolate: how many training views.
        loop: interpolate: whether it goes back to its start.
        placement: of a path by nerfstudio: its ``dataparser_transforms.json``, or "none" for world units; None: looked
            for beside the path.
        fov: vertical field of view of all frames, degrees; None: that of the training cameras, or what the file says.

    Raises:
        ConfigError: something is out of range, or of no meaning for this path.
    """

    kind: str | None = None
    split: str = "test"
    order: Order = "tour"
    stops: int = STOPS
    loop: bool = False
    placement: str | None = None
    fov: float | None = None
    window: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        kinds = KINDS + FLAT_KINDS
        if self.kind is not None and self.kind not in kinds and not self.file:
            raise ConfigError(
                f"--path is {self.kind!r}: it must be {', '.join(kinds)}, or a camera path, a .json file"
            )
        if self.window is not None:
            self._check_window()
        if self.order not in ORDERS:
            raise ConfigError(f"--order is {self.order!r}: it must be {' or '.join(ORDERS)}")
        if self.stops < 2:
            raise ConfigError(f"--stops is {self.stops}: a path needs at least 2 views")
        if self.fov is not None and not 0 < self.fov < 180:
            raise ConfigError(
                f"--fov is {self.fov:g}: it must be more than 0 and less than 180 degrees"
            )
        if self.kind == "views" and self.fov is not None:
            raise ConfigError("--fov does not go with --path views: views have their own cameras")

    def _check_window(self) -> None:
        left, top, right, bottom = self.window
        if not (left < right and top < bottom and all(map(math.isfinite, self.window))):
            raise ConfigError(
                f"--window is {' '.join(f'{x:g}' for x in self.window)}: left must be less than right, and top less "
                "than bottom"
            )
        if self.kind is not None:
            raise ConfigError(f"--window is one picture, --path {self.kind} another: give one of them")

    @property
    def flat(self) -> bool:
        """Whether it asks for what only pictures have."""
        return self.window is not None or self.kind in FLAT_KINDS

    @property
    def file(self) -> Path | None:
        """The camera path file, if it is one."""
        found = self.kind is not None and self.kind.endswith(".json")
        return Path(self.kind) if found else None

    @property
    def name(self) -> str:
        """What files of the film are called."""
        if self.kind == "views":
            return f"views_{self.split}"
        if self.window is not None:
            return "window_" + "_".join(f"{x:g}" for x in self.window)
        return self.file.stem if self.file else self.kind or "orbit"


@dataclass(frozen=True)
class FilmRequest:
    """A film.

    Attributes:
        path: where the camera goes.
        size: width and height of a frame, pixels; None: as the path's file says, else as the training images.
        scale: of that size.
        fps: frames per second.
        n_frames: frames; None: as ``seconds`` says.
        seconds: length; None: as the path's file says, else as the config.
        channels: what to show; None: colour, depth, and normals where there are some.
        side_by_side: channels beside one another in one film; else a film for each.
        formats: "mp4", "gif"; "png" and "exr" are folders of frames.
        background: sRGB in [0, 1] behind the scene; None: nothing, frames have an alpha channel.
        depth_range: near and far end of the colour map of depth, world units; None: found from some of the frames.
        output: a file, or the folder of the films; None: ``render`` in the run's folder.
        force: replace what lies there.
        resume: go on with a film that was broken off.
        save_path: write the path as json here.

    Raises:
        ConfigError: something is out of range, or contradicts the rest.
    """

    path: PathRequest = field(default_factory=PathRequest)
    size: tuple[int, int] | None = None
    scale: float = 1.0
    fps: float | None = None
    n_frames: int | None = None
    seconds: float | None = None
    channels: tuple[str, ...] | None = None
    side_by_side: bool = True
    formats: tuple[str, ...] = FILMS
    background: Color | None = BLACK
    depth_range: tuple[float, float] | None = None
    output: Path | None = None
    force: bool = False
    resume: bool = False
    save_path: Path | None = None

    def __post_init__(self) -> None:
        _above("--scale", self.scale)
        _above("--fps", self.fps)
        _above("--frames", self.n_frames)
        _above("--seconds", self.seconds)
        for pixels in self.size or ():
            _above("--resolution", pixels)
        if self.n_frames is not None and self.seconds is not None:
            raise ConfigError("--frames and --seconds say the same: give one, and --fps")
        if self.force and self.resume:
            raise ConfigError("--force starts anew and --resume goes on: give one")
        _among("--format", self.formats, FORMATS)
        if self.channels is not None:
            _among("--channels", self.channels, CHANNELS)
        if self.depth_range is not None and not 0 <= self.depth_range[0] < self.depth_range[1]:
            raise ConfigError(
                f"--depth-range is {self.depth_range}: near must be below far, and not negative"
            )
        if self.background is None and set(self.formats) & set(FILMS):
            raise ConfigError(
                "--background none needs frames with an alpha channel, which mp4 and gif have not: give --format png "
                "or exr"
            )
        if self.path.kind == "views":
            self._check_views()
        suffix = self.output.suffix.lstrip(".") if self.output else ""
        if suffix in FILMS and set(self.formats) != {suffix}:
            raise ConfigError(
                f"--output {self.output} is one file: give --format {suffix}, or a folder"
            )
        if suffix in FORMATS and suffix not in FILMS:
            raise ConfigError(f"--output {self.output}: frames need a folder, for each is a file")

    def place(self, folder: Path) -> tuple[Path, str]:
        """The folder of the film and its name.

        Args:
            folder: where films go unless it says otherwise.
        """
        if self.output is None:
            return folder, self.path.name
        if self.output.suffix.lstrip(".") in FILMS:
            return self.output.parent, self.output.stem
        return self.output, self.path.name

    def _check_views(self) -> None:
        for flag, value in (("--resolution", self.size), ("--save-path", self.save_path)):
            if value is not None:
                raise ConfigError(
                    f"{flag} does not go with --path views: views have their own cameras"
                )
        if self.n_frames is not None or self.seconds is not None:
            raise ConfigError(
                "--frames and --seconds do not go with --path views: each view is a frame"
            )
        n = 1 / self.scale
        if not 0.5 < n < float("inf") or abs(n - round(n)) > 1e-6:
            raise ConfigError(
                f"--scale is {self.scale:g}: of views it must be 1, 1/2 (0.5), 1/3 ...: every n-th pixel"
            )


def _above(flag: str, value: float | None) -> None:
    if value is not None and not 0 < value < float("inf"):
        raise ConfigError(f"{flag} is {value:g}: it must be above 0")


def _among(flag: str, values: Any, allowed: tuple[str, ...]) -> None:
    for value in values:
        if value not in allowed:
            raise ConfigError(f"{flag} has {value!r}: choose from {', '.join(allowed)}")
    if not values or len(set(values)) < len(values):
        raise ConfigError(
            f"{flag} must name at least one, each once, got {', '.join(values) or 'none'}"
        )
