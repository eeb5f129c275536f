"""``--task render``: a flight around the scene, colour, depth and normals side by side, as mp4 and gif."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import cv2
import imageio.v2 as imageio
import jittor as jt
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.rendering.fog import render_view
from jnerf.engine.rendering.image import RAYS_PER_CHUNK
from jnerf.engine.rendering.orbit import orbit
from jnerf.errors import ConfigError, JnerfError
from jnerf.imaging.pictures import depth_picture, depth_range, normal_picture, to_uint8
from jnerf.structures import RayBundle

_GIF_WIDTH = (
    800  # a gif stores 8-bit frames almost uncompressed; larger ones are of no use on a page
)


def render_orbit(
    pipeline: Pipeline,
    folder: Path,
    n_frames: int = 120,
    fps: int = 30,
    width: int | None = None,
    height: int | None = None,
    rays_per_chunk: int = RAYS_PER_CHUNK,
    fog_tolerance: float = 0.0,
) -> list[Path]:
    """Renders an orbit with the averaged weights.

    Args:
        pipeline: the method.
        folder: where ``orbit.mp4`` and ``orbit.gif`` go; made when absent.
        n_frames: frames.
        fps: frames per second.
        width: pixels of the colour half; None for that of the first training image.
        height: pixels, rounded down to even (the video format's demand); None likewise.
        rays_per_chunk: rays rendered at once.
        fog_tolerance: see :func:`jnerf.engine.rendering.fog.render_view`.

    Returns:
        The two files.

    Raises:
        ConfigError: the dataset has no cameras.
        JnerfError: the video cannot be written.
    """
    cameras = pipeline.dataset.cameras
    if cameras is None:
        raise ConfigError(
            f"{type(pipeline.dataset).__name__} has no cameras: there is nothing to fly along. --task test judges it"
        )
    width = int(width or cameras.sizes[0, 0])
    height = max(2, int(height or cameras.sizes[0, 1]) // 2 * 2)
    path = None
    if pipeline.facts["cameras"] is None:  # perhaps nothing that an orbit could be made of
        path = pipeline.dataset.flight(n_frames, width, height)
    if path is None:
        path = orbit(cameras, pipeline.facts["aabb"], n_frames, width, height)
    frames = _frames(pipeline, path, rays_per_chunk, fog_tolerance)
    files = [folder / "orbit.mp4", folder / "orbit.gif"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(files, tqdm(frames, total=n_frames, desc="render", unit="frame"), fps)
    except (OSError, ImportError, RuntimeError, ValueError) as error:
        raise JnerfError(
            f"cannot write {files[0]} or {files[1]}: {error}. Check the disk and that imageio-ffmpeg is installed "
            "(pip install imageio-ffmpeg)."
        ) from error
    return files


def _frames(
    pipeline: Pipeline, path: Cameras, rays_per_chunk: int, fog_tolerance: float
) -> Iterator[NDArray[np.uint8]]:
    """Colour | depth of each camera, and | normals where there are some: RGB [H, 2 W or 3 W, 3]."""
    span: tuple[float, float] | None = None
    pipeline.network.eval()
    with pipeline.ema.applied() if pipeline.ema is not None else nullcontext():
        for index in range(len(path)):
            width, height = path.sizes[index].tolist()
            view = CameraRows(path, index), width, height
            image, _ = render_view(pipeline, *view, rays_per_chunk, fog_tolerance)
            if span is None:
                # One range for the whole flight: the first frame's, widened, so that the colours do
                # not flicker.
                near, far = depth_range(image.depths, image.opacities)
                span = (near - 0.1 * (far - near), far + 0.1 * (far - near))
            depth = depth_picture(image.depths, image.opacities, *span)
            parts = [to_uint8(image.colors), depth]
            if image.normals is not None:
                parts.append(normal_picture(image.normals))
            yield np.concatenate(parts, axis=1)
    jt.gc()


class CameraRows:
    """Rays of a camera's pixel rows, as :func:`render_view` asks for them."""

    def __init__(self, cameras: Cameras, index: int) -> None:
        self._cameras, self._index = cameras, index

    def __call__(self, y0: int, y1: int) -> RayBundle:
        y, x = np.mgrid[y0:y1, 0 : int(self._cameras.sizes[self._index, 0])].reshape(2, -1)
        return self._cameras.bundle(np.full(x.shape, self._index), x, y)


def _write(files: list[Path], frames: Any, fps: int) -> None:
    # The gif is made in memory: imageio keeps its frames to the end anyway, and a writer of a file on a full disk would
    # try again, loudly, when it is thrown away.
    small, gif = [], io.BytesIO()
    # macro_block_size 2: imageio would else scale every video to a multiple of 16.
    with imageio.get_writer(files[0], fps=fps, macro_block_size=2, quality=8) as mp4:
        for frame in frames:
            mp4.append_data(frame)
            small.append(_at_most(frame, _GIF_WIDTH))
    imageio.mimwrite(gif, small, format="GIF", duration=1000 / fps, loop=0)
    files[1].write_bytes(gif.getvalue())


def _at_most(frame: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    if frame.shape[1] <= width:
        return frame
    height = max(1, round(frame.shape[0] * width / frame.shape[1]))
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
