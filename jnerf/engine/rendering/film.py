"""Films of a field: frames along a path, kept as they come, and made into mp4, gif or folders of pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.checks.numbers import is_number
from jnerf.datasets.base import Dataset
from jnerf.datasets.cameras.ndc import NDCCameras
from jnerf.engine.guards.lock import held
from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.rendering import channels
from jnerf.engine.rendering.encode import write_film
from jnerf.engine.rendering.fog import render_view
from jnerf.engine.rendering.frames import Frames
from jnerf.engine.rendering.glance import depth_span
from jnerf.engine.rendering.paths.camera_path import CameraPath
from jnerf.engine.rendering.paths.files import dumps, save_path
from jnerf.engine.rendering.request import FILMS, FilmRequest
from jnerf.engine.rendering.shots import Reel, Shot, path_reel, view_reel
from jnerf.engine.rendering.stage import check_scene, to_field
from jnerf.engine.rendering.windows import FLAT, flat_request, window_reel
from jnerf.errors import ConfigError, JnerfError
from jnerf.imaging.behind import Behind
from jnerf.imaging.image import Image
from jnerf.ops.common import device


@dataclass(frozen=True)
class Setting:
    """What a film needs to know beside the model and the request.

    Attributes:
        folder: where films go unless the request says otherwise.
        defaults: the config's block ``render``.
        rays_per_chunk: rays rendered at once.
        fog_tolerance: see :func:`jnerf.engine.rendering.fog.render_view`; views are always rendered whole.
        split: gives the dataset of a split.
        root: the scene's folder or file; None if it has none.
        field: what the field is, for the record: its step, and whatever tells it from others.
        shown_with: settings on which its pictures depend, by path.
    """

    folder: Path
    defaults: Any
    rays_per_chunk: int | None
    fog_tolerance: float
    split: Callable[[str], Dataset]
    root: str | None
    field: Mapping[str, Any]
    shown_with: Mapping[str, Any]


def render_film(pipeline: Pipeline, request: FilmRequest, setting: Setting) -> list[Path]:
    """Renders a film with the averaged weights.

    Args:
        pipeline: the method.
        request: the film.
        setting: where it is made.

    Returns:
        The films, and the folder of frames if it was asked for.

    Raises:
        ConfigError: it cannot be made so, or something lies where it would go.
        DataError: the path is none.
        JnerfError: it cannot be written.
    """
    dataset = pipeline.dataset
    check_scene(dataset, pipeline.renderer.provides)
    if request.depth_range is not None and isinstance(dataset.cameras, NDCCameras):
        raise ConfigError("--depth-range: in NDC, depths of the field are no lengths. Leave it out")
    if dataset.n_dims == 2:
        request = flat_request(request)
        shown = channels.chosen(request.channels, pipeline.renderer.provides & FLAT)
        reel = window_reel(dataset, request, setting.defaults)
        return _Film(pipeline, request, setting, reel, shown).make()
    if request.path.flat:
        raise ConfigError(f"--path {request.path.name} is of pictures, a scene of cameras has none")
    shown = channels.chosen(request.channels, pipeline.renderer.provides)
    if request.path.kind == "views":
        split = request.path.split
        reel = view_reel(setting.split(split), request, float(setting.defaults.fps))
    else:
        reel = path_reel(dataset, pipeline.facts, request, setting.defaults, setting.root)
    if request.save_path is not None:
        _save_path(request, reel)
    return _Film(pipeline, request, setting, reel, shown).make()


class _Film:
    """A film in the making."""

    def __init__(
        self,
        pipeline: Pipeline,
        request: FilmRequest,
        setting: Setting,
        reel: Reel,
        shown: tuple[str, ...],
    ) -> None:
        self._pipeline, self._request, self._setting, self._reel = pipeline, request, setting, reel
        # Each strip is a film of its own: channels side by side.
        self._strips = [shown] if request.side_by_side else [(name,) for name in shown]
        self._shown = shown
        views = request.path.kind == "views"
        self._fog = 0.0 if views else setting.fog_tolerance
        self._transform = to_field(pipeline.dataset)
        self._folder, self._name = request.place(setting.folder)
        self._films = self._film_files()
        self._frames = Frames(self._folder, self._name, self._about(), setting.shown_with)

    def make(self) -> list[Path]:
        """Renders what is not there yet, and writes the films."""
        request, frames = self._request, self._frames
        pictures = {"png", "exr"} & set(request.formats)
        with ExitStack() as stack:
            with self._disk():
                if not stack.enter_context(held(frames.lock)):
                    raise ConfigError(
                        f"another process is making the film {self._folder / self._name}. Wait until it has ended or "
                        "stop it; --output names another place"
                    )
                films = [film for film, _ in self._films]
                ready = frames.claim(films, request.force, request.resume)
            if not ready or (pictures and not all(map(self._kept, self._reel.shots))):
                self._work()
        return [film for film, _ in self._films] + ([frames.folder] if pictures else [])

    def _work(self) -> None:
        """The film, or as much of it as can be gone on with, or nothing."""
        wanted = {f".{name}" for name in self._request.formats}
        try:
            with self._disk():
                self._render()
                self._encode()
                self._frames.note(ready=True)
                self._frames.drop(*({".png", ".exr"} - wanted))
        except KeyboardInterrupt:
            raise KeyboardInterrupt(self._left()) from None
        except JnerfError as error:
            raise type(error)(f"{error}. {self._left()}") from error
        except BaseException:
            self._left()
            raise

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Says which file could not be written or read."""
        try:
            yield
        except OSError as error:
            place = error.filename or self._folder / self._name
            raise JnerfError(f"cannot write {place}: {error}") from error

    def _left(self) -> str:
        """What is left of a film that was broken off."""
        if not self._frames.leave():
            return "Nothing is left of the film."
        done = sum(map(self._kept, self._reel.shots))
        all_of = len(self._reel.shots)
        return f"{done} of {all_of} frames are kept in {self._frames.folder}: --resume goes on from there."

    def _about(self) -> dict[str, Any]:
        """What the frames depend on."""
        request = self._request
        background = "none" if request.background is None else list(request.background)
        return {
            **self._setting.field,
            **self._reel.about,
            "fps": self._reel.fps,
            "channels": list(self._shown),
            "side_by_side": request.side_by_side,
            "frame_formats": sorted({self._suffix(name) for name in request.formats}),
            "background": background,
            "depth_range": request.depth_range,
            "fog_tolerance": self._fog,
        }

    @staticmethod
    def _suffix(name: str) -> str:
        """The format of the frames from which a format is made."""
        return "exr" if name == "exr" else "png"

    def _film_files(self) -> list[tuple[Path, tuple[str, ...]]]:
        """The films, and the strip that each shows."""
        many = len(self._strips) > 1
        return [
            (self._folder / f"{self._name}{'_' + strip[0] if many else ''}.{suffix}", strip)
            for suffix in self._request.formats
            if suffix in FILMS
            for strip in self._strips
        ]

    def _files(self, shot: Shot) -> list[str]:
        """The files of a frame."""
        kinds = {self._suffix(name) for name in self._request.formats}
        found = [_file(strip, shot, "png") for strip in self._strips if "png" in kinds]
        return found + [_file((name,), shot, "exr") for name in self._shown if "exr" in kinds]

    def _kept(self, shot: Shot) -> bool:
        return self._frames.have(self._files(shot))

    def _render(self) -> None:
        """Renders the frames that are not kept yet."""
        frames, shots = self._frames, self._reel.shots
        open_shots = [shot for shot in shots if not self._kept(shot)]
        if not open_shots:
            return
        pipeline = self._pipeline
        pipeline.network.eval()
        with pipeline.ema.applied() if pipeline.ema is not None else nullcontext():
            span = _span(frames.found("depth_span")) or self._depth_span()
            frames.note(depth_span=span)
            done = len(shots) - len(open_shots)
            bar = tqdm(total=len(shots), initial=done, desc="render", unit="frame")
            with bar, Behind[None](apart=device.on_cuda()) as behind:
                for shot in open_shots:
                    behind.add(partial(self._keep, shot, self._view(shot), tuple(span)))
                    bar.update()
        jt.gc()

    def _view(self, shot: Shot) -> Image:
        size = shot.width * shot.finer, shot.height * shot.finer
        how = self._setting.rays_per_chunk, self._fog
        return shot.finish(render_view(self._pipeline, shot.rows, *size, *how)[0])

    def _depth_span(self) -> tuple[float, float]:
        """Near and far end of the depth's colours, field units: one for the whole film, so that they do not flicker."""
        wanted = self._request.depth_range
        if wanted is not None:
            return wanted[0] * self._transform.scale, wanted[1] * self._transform.scale
        if "depth" not in self._shown or set(self._request.formats) == {"exr"}:
            return 0.0, 1.0
        return depth_span(self._pipeline, self._reel.shots, self._setting.rays_per_chunk)

    def _keep(self, shot: Shot, image: Image, span: tuple[float, float]) -> None:
        """Writes the files of a frame."""
        back, kinds = self._request.background, {self._suffix(f) for f in self._request.formats}
        if "png" in kinds:
            for strip in self._strips:
                how = span, back, self._pipeline.dataset.even_depth
                parts = [channels.picture(image, name, *how) for name in strip]
                data = channels.encode_png(np.concatenate(parts, axis=1))
                self._frames.write(_file(strip, shot, "png"), data)
        if "exr" in kinds:
            depths = shot.in_world(image.depths)
            turned = np.asarray(self._transform.rotation).T
            for name in self._shown:
                values = channels.numbers(image, name, depths, turned, back)
                self._frames.write(_file((name,), shot, "exr"), channels.encode_exr(values))

    def _encode(self) -> None:
        """Makes films of the frames."""
        shots = self._reel.shots
        for file, strip in self._films:
            widest = max(shot.width for shot in shots) * len(strip)
            size = -(-widest // 2) * 2, -(-max(shot.height for shot in shots) // 2) * 2
            pictures = self._pictures(strip, f"write {file.name}")
            try:
                write_film(file, pictures, self._reel.fps, size)
            except (ImportError, RuntimeError) as error:
                raise JnerfError(
                    f"cannot write {file}: {error}. Check that imageio-ffmpeg is installed (pip install "
                    "imageio-ffmpeg)"
                ) from error

    def _pictures(self, strip: Sequence[str], what: str) -> Iterator[NDArray[np.uint8]]:
        for shot in tqdm(self._reel.shots, desc=what, unit="frame", leave=False):
            data = self._frames.path(_file(strip, shot, "png")).read_bytes()
            yield channels.decode_png(data)


def _span(noted: Any) -> tuple[float, float] | None:
    """Two ends, if a record holds them."""
    whole = isinstance(noted, list) and len(noted) == 2 and all(map(is_number, noted))
    return (float(noted[0]), float(noted[1])) if whole else None


def _file(strip: Sequence[str], shot: Shot, suffix: str) -> str:
    return f"{'-'.join(strip)}_{shot.label}.{suffix}"


def _save_path(request: FilmRequest, reel: Reel) -> None:
    """Writes the film's path as json, unless it lies there already: of a film that was broken off, it does."""
    if reel.flight is None:
        raise ConfigError(
            "--save-path: this flight is the dataset's own, and no path of pinholes in the world. Take --path spiral "
            "or interpolate"
        )
    file, shot = request.save_path, reel.shots[0]
    size = shot.width, shot.height
    path = CameraPath.of_frames(reel.flight.c2w, reel.flight.fov, reel.fps, size=size)
    try:
        if file.exists() and not request.force:
            if file.is_file() and file.read_bytes() == dumps(path).encode():
                return
            raise ConfigError(
                f"{file} is there already and is not this path. --force replaces it; to go on with a film (--resume), "
                "leave --save-path out"
            )
        save_path(file, path)
    except OSError as error:
        raise JnerfError(f"cannot write {file}: {error}") from error
