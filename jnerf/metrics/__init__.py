"""Image metrics on NumPy arrays: what a rendered view is judged by."""

from jnerf.metrics.psnr import psnr
from jnerf.metrics.ssim import ssim

__all__ = ["psnr", "ssim"]
