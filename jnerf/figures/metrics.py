"""Metrics in tables and plots: whatever names a judge gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jnerf.figures.numbers import number

# Title and digits behind the point of metrics that have a usual form.
_KNOWN = {
    "psnr": ("PSNR, black", 2),
    "psnr_white": ("PSNR, white", 2),
    "ssim": ("SSIM", 3),
    "flip": ("FLIP", 3),
    "lpips": ("LPIPS", 3),
    "iou": ("IoU", 4),
    "depth_abs_rel": ("depth, abs rel", 4),
    "depth_rmse": ("depth, RMSE", 4),
    "depth_delta1": ("depth, delta < 1.25", 4),
}
# Words in the names of metrics by which it is known whether more is better; of other names nobody can say.
_BETTER_HIGH = (
    "psnr",
    "ssim",
    "iou",
    "accuracy",
    "recall",
    "fscore",
    "f_score",
    "completeness",
    "delta1",
)
_BETTER_LOW = (
    "flip",
    "lpips",
    "mse",
    "mae",
    "error",
    "chamfer",
    "off",
    "distance",
    "angle",
    "loss",
    "seconds",
    "abs_rel",
)
_VIEW = "seconds_per_image"
_PER = "seconds_per_"


def metric_names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Names of the metrics in evaluations, as they first come, then the seconds per item.

    >>> metric_names([{"step": 1, "seconds": 2, "psnr": 30, "n_images": 3, "seconds_per_image": 1}])
    ['psnr', 'seconds_per_image']
    """
    names = dict.fromkeys(name for row in rows for name in row)
    found = [n for n in names if n not in ("step", "seconds") and not n.startswith(("n_", _PER))]
    return found + [name for name in names if name.startswith(_PER)]


def higher_is_better(name: str) -> bool | None:
    """Which way a metric improves; None where its name does not tell.

    >>> higher_is_better("psnr_white"), higher_is_better("mean_error"), higher_is_better("roughness")
    (True, False, None)
    """
    for words, better in ((_BETTER_HIGH, True), (_BETTER_LOW, False)):
        if any(word in name.lower() for word in words):
            return better
    return None


def metric_title(name: str) -> str:
    """What a column of it is called.

    >>> metric_title("psnr"), metric_title("chamfer"), metric_title("seconds_per_image")
    ('PSNR, black', 'chamfer', 's/view')
    """
    if name == _VIEW:
        return "s/view"
    return _KNOWN[name][0] if name in _KNOWN else name.replace(_PER, "s/")


def metric(name: str, value: float | None) -> str:
    """Its value as a cell.

    >>> metric("psnr", 30.126), metric("chamfer", 0.00123456), metric("ssim", None)
    ('30.13', '0.001235', '–')
    """
    if value is None:
        return "–"
    if name in _KNOWN:
        return f"{value:.{_KNOWN[name][1]}f}"
    return number(value) if name.startswith(_PER) else number(value, 4)


def seconds_to(points: Sequence[tuple[float, float]], level: float) -> float | None:
    """When a curve of (seconds, PSNR) first crosses a level; None where no two points lie around the crossing.

    >>> seconds_to([(10.0, 20.0), (20.0, 30.0)], 25.0), seconds_to([(10.0, 20.0)], 15.0)
    (15.0, None)
    """
    for (before, low), (after, high) in zip(points, points[1:], strict=False):
        if low < level <= high:
            return before + (after - before) * (level - low) / (high - low)
    return None
