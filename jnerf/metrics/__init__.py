"""Image metrics on NumPy arrays: what a rendered view is judged by."""

from __future__ import annotations

from functools import cache

from jnerf.metrics.flip import flip_metric
from jnerf.metrics.lpips import lpips_metric
from jnerf.metrics.optional import Measure, load_metrics
from jnerf.metrics.psnr import psnr
from jnerf.metrics.ssim import ssim

__all__ = ["optional_metrics", "psnr", "ssim"]


@cache
def optional_metrics() -> tuple[dict[str, Measure], dict[str, str]]:
    """FLIP and LPIPS where their libraries are.

    Returns:
        The metrics by name, and of those that are absent why.
    """
    return load_metrics({"flip": flip_metric, "lpips": lpips_metric})
