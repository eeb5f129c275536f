"""Judges a model on held-out views.

Protocol: per-image PSNR and SSIM in sRGB, after clipping and 8-bit quantisation of both prediction
and truth (so that the PNG files reproduce the numbers), mean over images. Each view is rendered
once, over black; over white it is that colour plus (1 - opacity). ``psnr`` and ``ssim`` are over
black, ``psnr_white`` over white. Where true distances are known, the errors of rendered ones are measured as well, in
world units. A test that writes pictures, which is that at the end of training, also has
``flip`` and ``lpips`` where their libraries are: they take longer than the others.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.errors import ConfigError
from jnerf.imaging.behind import Behind
from jnerf.imaging.image import Image
from jnerf.imaging.pictures import (
    depth_picture,
    depth_range,
    error_picture,
    normal_picture,
    to_uint8,
    write_png,
)
from jnerf.imaging.view_files import ViewFiles, names_of_files
from jnerf.judging.judgement import Judgement, Subject
from jnerf.metrics import depth_errors, optional_metrics, psnr, ssim
from jnerf.metrics.optional import OptionalMetrics
from jnerf.metrics.ssim import WINDOW
from jnerf.ops.common import device

if TYPE_CHECKING:
    from jnerf.datasets.base import Dataset

#: What the numbers mean, in metrics.json.
PROTOCOL = {
    "background": "psnr and ssim on black, psnr_white on white",
    "metric": "per image in sRGB, clipped, 8 bit; mean over images; ssim of Wang et al. 2004, gaussian 11x11",
}
_DEPTH = (
    "rendered against true distances along rays, where these are known: abs_rel = mean |error| / truth, rmse in world "
    "units, delta1 = part within a factor of 1.25; per image, mean over images"
)


def judge_views(
    dataset: Dataset, subject: Subject, n_images: int | None = None, folder: Path | None = None
) -> Judgement:
    """Renders views and measures them; on CUDA one is measured while the next is rendered.

    Args:
        dataset: has the views.
        subject: what renders them.
        n_images: how many evenly spaced views; None for all.
        folder: where the pictures go; None writes none.

    Returns:
        ``psnr``, ``psnr_white`` and ``ssim``, of each view and on average, with a folder also ``flip`` and ``lpips``;
        ``depth_abs_rel``, ``depth_rmse`` and ``depth_delta1`` of views whose depth is known.
        Of what cannot be measured here, the protocol says in ``absent`` why.

    Raises:
        ConfigError: the split has no views, one is too small for SSIM, or ``n_images`` is not positive.
    """
    indices = views_to_judge(dataset, n_images)
    extra = OptionalMetrics({}, {}) if folder is None else optional_metrics()
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    files = dict(zip(indices, names_of_files([dataset.view(i).name for i in indices]), strict=True))
    with Behind[dict[str, Any]](apart=device.on_cuda()) as behind:
        for index in tqdm(subject.share(indices), desc="evaluate", unit="view", leave=False):
            view = dataset.view(index)
            start = time.perf_counter()
            image, shown = subject.seen(view)
            about = {"name": view.name, "files": files[index]}
            about["seconds"] = round(time.perf_counter() - start, 4)
            behind.add(partial(_judged, dataset, index, image, shown, extra, folder, about))
    rows = behind.found
    found_of = subject.gathered(rows)
    cut = sum(row["about"]["cut"] for row in found_of)
    resolution = found_of[0]["about"]["size"]
    rows = [_row(found) for found in found_of]
    shared = [key for key in found_of[-1]["metrics"] if all(key in row for row in rows)]
    mean = {key: float(np.mean([row[key] for row in rows])) for key in shared}
    protocol = {"resolution": resolution, **PROTOCOL, **extra.protocol()}
    if "depth_abs_rel" in mean:
        protocol["depth"] = _DEPTH
    if cut:
        protocol["pixels"] = f"of {cut} views only those that the lens shows"
    return Judgement(mean, rows, protocol=protocol)


def _judged(
    dataset: Dataset,
    index: int,
    image: Image,
    shown: NDArray[np.bool_] | None,
    extra: OptionalMetrics,
    folder: Path | None,
    row: dict[str, Any],
) -> dict[str, Any]:
    """A row with what was measured of a view; writes its pictures where there is a folder."""
    view = dataset.view(index)
    rgba = view.rgba()
    found = _measure(image, rgba, shown, extra)
    if folder is not None:
        _write_pictures(ViewFiles(folder, row["files"]), image, rgba, dataset.even_depth)
    found |= _measure_depth(dataset, image, dataset.depth_of(index))
    about = {"size": [view.width, view.height], "cut": view.shown() is not None}
    return {"about": about, "metrics": found, **row}


def _row(found: dict[str, Any]) -> dict[str, Any]:
    """What the record says of a view; of its files only where they are not called after it."""
    name, files = found["name"], found["files"]
    called = {"name": name} if files == name else {"name": name, "files": files}
    return {**called, **found["metrics"], "seconds": found["seconds"]}


def views_to_judge(dataset: Dataset, n_images: int | None) -> list[int]:
    """Indices of the views that ``judge_views`` would render.

    Raises:
        ConfigError: as ``judge_views``.
    """
    if dataset.n_images < 1:
        raise ConfigError(
            f"evaluation: {type(dataset).__name__} has no views of this split to judge. Train without evaluation: "
            "evaluation.steps=[] evaluation.at_end=False; a dataset without views defines judge and check_judging"
        )
    indices = spaced_views(dataset.n_images, n_images)
    for view in map(dataset.view, indices):
        if min(view.width, view.height) < WINDOW:
            raise ConfigError(
                f"evaluation: view {view.name!r} is {view.width}x{view.height} pixels; SSIM needs {WINDOW}x{WINDOW}. "
                "Lower dataset.downscale or evaluation.downscale, or train without evaluation: "
                "evaluation.steps=[] evaluation.at_end=False"
            )
    return indices


def spaced_views(available: int, wanted: int | None) -> list[int]:
    """Indices of evenly spaced views, first and last included.

    >>> spaced_views(200, 3)
    [0, 100, 199]
    """
    if wanted is None or wanted >= available:
        return list(range(available))
    if wanted < 1:
        raise ConfigError(
            f"evaluation.n_images is {wanted}; it must be at least 1, or None for all views"
        )
    return [int(i) for i in np.linspace(0, available - 1, wanted).round()]


def _measure(
    image: Image,
    rgba: NDArray[np.uint8],
    shown: NDArray[np.bool_] | None,
    extra: OptionalMetrics,
) -> dict[str, float]:
    """Metrics of one view, over the pixels that are shown."""
    truth, truth_white = _over(rgba, 0), _over(rgba, 1)
    black, white = to_uint8(image.colors), to_uint8(image.over_white())
    black, truth, white, truth_white = map(_unit, (black, truth, white, truth_white))
    if shown is None:
        found = {
            "psnr": psnr(black, truth),
            "psnr_white": psnr(white, truth_white),
            "ssim": ssim(black, truth),
        }
    else:
        found = {"psnr": psnr(black[shown], truth[shown])}
        found["psnr_white"] = psnr(white[shown], truth_white[shown])
        black, truth = black * shown[..., None], truth * shown[..., None]
        found["ssim"] = ssim(black, truth, shown)
    return found | extra.measure(black, truth, shown)


def _measure_depth(
    dataset: Dataset, image: Image, truth: NDArray[np.float32] | None
) -> dict[str, float]:
    """Errors of depth of one view, in world units; nothing where its depth is not known."""
    if truth is None:
        return {}
    per_unit = 1.0 if dataset.transform is None else 1 / dataset.transform.scale
    return depth_errors(image.depths * per_unit, truth * per_unit)


def _over(rgba: NDArray[np.uint8], back: float) -> NDArray[np.uint8]:
    """The true colours over a grey."""
    unit = _unit(rgba)
    color, alpha = unit[..., :3], unit[..., 3:]
    return to_uint8(color * alpha + back * (1 - alpha) if back else color * alpha)


def _unit(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    return image / np.float32(255)


def _write_pictures(files: ViewFiles, image: Image, rgba: NDArray[np.uint8], even: bool) -> None:
    black, truth = to_uint8(image.colors), _over(rgba, 0)
    strip = np.concatenate([black, truth, error_picture(black, truth)], axis=1)
    near, far = depth_range(image.depths, image.opacities)
    write_png(files.strip, strip)
    write_png(files.depth, depth_picture(image.depths, image.opacities, near, far, even))
    write_png(files.opacity, to_uint8(image.opacities))
    if image.normals is not None:
        write_png(files.normal, normal_picture(image.normals))
