"""Judges a model on held-out views.

Protocol: per-image PSNR and SSIM in sRGB, after clipping and 8-bit quantisation of both prediction
and truth (so that the PNG files reproduce the numbers), mean over images. Each view is rendered
once, over black; over white it is that colour plus (1 - opacity). ``psnr`` and ``ssim`` are over
black, ``psnr_white`` over white.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.engine.build import Pipeline
from jnerf.engine.files import write_text_atomic
from jnerf.engine.image import RAYS_PER_CHUNK, Image, render_image
from jnerf.engine.logging import to_json
from jnerf.engine.machine import device_name
from jnerf.engine.pictures import (
    depth_picture,
    depth_range,
    error_picture,
    normal_picture,
    to_uint8,
    write_png,
)
from jnerf.errors import ConfigError
from jnerf.metrics import psnr, ssim
from jnerf.metrics.ssim import WINDOW
from jnerf.structures import RayBundle


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        mean: ``psnr``, ``psnr_white``, ``ssim``: means over the images.
        images: per image: ``name``, ``psnr``, ``psnr_white``, ``ssim``, ``seconds`` (of rendering).
        resolution: (width, height) of the first view.
    """

    mean: dict[str, float]
    images: list[dict[str, Any]]
    resolution: tuple[int, int]

    def summary(self) -> dict[str, float]:
        """The means, the number of images and the seconds per image, for a log row."""
        seconds = float(np.mean([image["seconds"] for image in self.images]))
        return {**self.mean, "n_images": len(self.images), "seconds_per_image": round(seconds, 4)}


def evaluate(
    pipeline: Pipeline,
    dataset: Any,
    n_images: int | None = None,
    folder: Path | None = None,
    rays_per_chunk: int = RAYS_PER_CHUNK,
    stop: Callable[[], bool] = lambda: False,
) -> Evaluation | None:
    """Renders views with the averaged weights (the raw ones when there is no EMA) and measures
    them.

    Args:
        pipeline: the method.
        dataset: the split to judge on.
        n_images: how many evenly spaced views; None for all.
        folder: where the pictures go; None writes none.
        rays_per_chunk: rays rendered at once.
        stop: asked before each chunk of rays; True ends the evaluation.

    Returns:
        None when stopped.

    Raises:
        ConfigError: the split has no views, one is too small for SSIM, or ``n_images`` is not positive.
    """
    indices = views_to_judge(dataset, n_images)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    pipeline.network.eval()
    rows: list[dict[str, Any]] = []
    resolution = (0, 0)
    with pipeline.ema.applied() if pipeline.ema is not None else nullcontext():
        for index in tqdm(indices, desc="evaluate", unit="view", leave=False):
            view = dataset.view(index)
            start = time.perf_counter()
            try:
                rays = _until(stop, view.rays)
                image = render_image(pipeline, rays, view.width, view.height, rays_per_chunk)
            except _StopRequested:
                return None
            seconds = time.perf_counter() - start
            resolution = resolution if rows else (view.width, view.height)
            rows.append({"name": view.name, **_measure(image, view.rgba(), folder, view.name)})
            rows[-1]["seconds"] = round(seconds, 4)
    jt.gc()  # a view's buffers are of other sizes than a batch's; the pool would keep both
    keys = ("psnr", "psnr_white", "ssim")
    return Evaluation(
        {key: float(np.mean([row[key] for row in rows])) for key in keys}, rows, resolution
    )


class _StopRequested(Exception):
    """Ends a view that is being rendered."""


def _until(stop: Callable[[], bool], rows: Callable[[int, int], RayBundle]) -> Callable:
    """``rows``, which raise once a stop was asked for: a view can take minutes."""

    def checked(first: int, end: int) -> RayBundle:
        if stop():
            raise _StopRequested
        return rows(first, end)

    return checked


def views_to_judge(dataset: Any, n_images: int | None) -> list[int]:
    """Indices of the views that ``evaluate`` would render.

    Raises:
        ConfigError: as ``evaluate``.
    """
    indices = spaced_views(dataset.n_images, n_images)
    for view in map(dataset.view, indices):
        if min(view.width, view.height) < WINDOW:
            raise ConfigError(
                f"evaluation: view {view.name!r} is {view.width}x{view.height} pixels; SSIM needs {WINDOW}x{WINDOW}. "
                "Lower dataset.downscale, or train without evaluation: evaluation.steps=[] evaluation.at_end=False"
            )
    return indices


def spaced_views(available: int, wanted: int | None) -> list[int]:
    """Indices of evenly spaced views, first and last included.

    >>> spaced_views(200, 3)
    [0, 100, 199]
    """
    if available < 1:
        raise ConfigError("evaluation: the split has no views to evaluate on")
    if wanted is None or wanted >= available:
        return list(range(available))
    if wanted < 1:
        raise ConfigError(
            f"evaluation.n_images is {wanted}; it must be at least 1, or None for all views"
        )
    return [int(i) for i in np.linspace(0, available - 1, wanted).round()]


def _measure(
    image: Image, rgba: NDArray[np.uint8], folder: Path | None, name: str
) -> dict[str, float]:
    """Metrics of one view; writes its pictures when there is a folder for them."""
    color, alpha = rgba[..., :3] / np.float32(255), rgba[..., 3:] / np.float32(255)
    truth, truth_white = to_uint8(color * alpha), to_uint8(color * alpha + (1 - alpha))
    black, white = to_uint8(image.colors), to_uint8(image.over_white())
    if folder is not None:
        _write_pictures(folder, file_stem(name), image, black, truth)
    return {
        "psnr": psnr(_unit(black), _unit(truth)),
        "psnr_white": psnr(_unit(white), _unit(truth_white)),
        "ssim": ssim(_unit(black), _unit(truth)),
    }


def _unit(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    return image / np.float32(255)


def _write_pictures(
    folder: Path, stem: str, image: Image, black: NDArray[np.uint8], truth: NDArray[np.uint8]
) -> None:
    strip = np.concatenate([black, truth, error_picture(black, truth)], axis=1)
    near, far = depth_range(image.depths, image.opacities)
    write_png(folder / f"{stem}.png", strip)
    write_png(folder / f"{stem}_depth.png", depth_picture(image.depths, image.opacities, near, far))
    write_png(folder / f"{stem}_opacity.png", to_uint8(image.opacities))
    if image.normals is not None:
        write_png(folder / f"{stem}_normal.png", normal_picture(image.normals))


def file_stem(name: str) -> str:
    """A view's name as a file name that cannot leave its folder.

    >>> file_stem("../test/r_0")
    'test_r_0'
    """
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "view"


def write_metrics(path: Path, evaluation: Evaluation, protocol: dict[str, Any]) -> None:
    """Writes ``metrics.json``: protocol, means, images.

    Args:
        path: the file.
        evaluation: what was found.
        protocol: what else the numbers depend on (config, step, training seconds ...).
    """
    width, height = evaluation.resolution
    protocol = {
        **protocol,
        "n_images": len(evaluation.images),
        "resolution": [width, height],
        "background": "psnr and ssim on black, psnr_white on white",
        "metric": "per image in sRGB, clipped, 8 bit; mean over images; ssim of Wang et al. 2004, gaussian 11x11",
        "device": device_name(),
    }
    content = {"protocol": protocol, "mean": evaluation.mean, "images": evaluation.images}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomic(path, to_json(content, indent=2) + "\n")
