"""Image metrics on NumPy arrays: what a rendered view is judged by."""

from __future__ import annotations

from functools import cache

from jnerf.metrics.depth import depth_errors
from jnerf.metrics.flip import flip_metric
from jnerf.metrics.lpips import lpips_metric
from jnerf.metrics.optional import Measure, OptionalMetrics, load_metrics
from jnerf.metrics.psnr import psnr
from jnerf.metrics.ssim import ssim

__all__ = ["depth_errors", "optional_metrics", "psnr", "ssim"]


def optional_metrics() -> OptionalMetrics:
    """FLIP and LPIPS where their libraries are, for one test."""
    return OptionalMetrics(*_loaded())


@cache
def _loaded() -> tuple[dict[str, Measure], dict[str, str]]:
    return load_metrics({"flip": flip_metric, "lpips": lpips_metric})
