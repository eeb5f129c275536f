"""Marching that ends where nothing shines through any more."""

from jnerf.ops.ray_visible.op import FEW_ON_CUDA, VisibleSamples, ray_visible, visible_of
from jnerf.ops.ray_visible.padded import PaddedSamples, padded_windows, ray_visible_padded
from jnerf.ops.ray_visible.steps import LookFn

__all__ = [
    "FEW_ON_CUDA",
    "LookFn",
    "PaddedSamples",
    "VisibleSamples",
    "padded_windows",
    "ray_visible",
    "ray_visible_padded",
    "visible_of",
]
