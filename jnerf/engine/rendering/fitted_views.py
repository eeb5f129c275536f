"""What of a test view may be fitted to its own picture before it is judged: its exposure, or its appearance.

A photograph that no training saw has an exposure and a light of its own, which nothing can know but the photograph.
Either pictures are compared as they are, or what is not the scene is fitted to one half of the picture, and the other
half is measured (NeRF in the Wild, Martin-Brualla et al. 2021, https://arxiv.org/abs/2008.02268, section 5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.posed import View
from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.rendering.fitting import fitted, pixel_error
from jnerf.imaging.image import Image
from jnerf.imaging.srgb import to_linear, to_srgb
from jnerf.judging.judgement import StopRequested
from jnerf.ops.common import uniform
from jnerf.structures import RayBundle

Mask = NDArray[np.bool_]

_PARTS = {"left": "its left half; metrics on its right half", "whole": "all of its pixels"}
_DARK = 1e-12  # of a sum of squares: nothing is there


@dataclass(frozen=True)
class ViewFit:
    """What is fitted.

    Args:
        what: "none"; "exposure": a factor of each channel's linear light, by least squares; "appearance": the numbers
            that the network keeps of an image, by gradient descent.
        part: of the picture that it is fitted to: "left": its left half, the right one is measured; "whole".
        steps: of an appearance.
        lr: learning rate of those steps, which falls to a tenth.
        rays: pixels of each of them.
    """

    what: Literal["none", "exposure", "appearance"] = "none"
    part: Literal["left", "whole"] = "left"
    steps: int = 100
    lr: float = 1e-2
    rays: int = 1024

    @property
    def protocol(self) -> dict[str, str]:
        """What numbers of test views depend on, for people."""
        if self.what == "none":
            return {}
        how = "by least squares in linear light, a factor for each channel"
        if self.what == "appearance":
            how = f"in {self.steps} steps of {self.rays} pixels, the field fixed"
        return {"test_fit": f"{self.what} of each view {how}, to {_PARTS[self.part]}"}

    def halves(self, width: int, height: int, shown: Mask | None) -> tuple[Mask, Mask | None]:
        """The pixels that are fitted to, bool [H, W], and those that are measured; None for all of them."""
        everything = np.ones((height, width), bool) if shown is None else shown
        if self.part == "whole":
            return everything, shown
        left = np.arange(width) < width // 2
        return everything & left, everything & ~left


def view_fit(evaluation: Mapping[str, Any], final: bool) -> ViewFit:
    """What a config's block ``evaluation`` says; on the way only what takes no time: no appearance.

    Args:
        evaluation: the block.
        final: whether it is the test at the end.
    """
    how = {name: evaluation.get(f"fit_{name}", getattr(ViewFit, name)) for name in _OPTIONS}
    found = ViewFit(evaluation.get("fit", "none"), **how)
    return replace(found, what="none") if found.what == "appearance" and not final else found


_OPTIONS = ("part", "steps", "lr", "rays")


def fit_exposure(image: Image, rgba: NDArray[np.uint8], pixels: Mask) -> Image:
    """The view with each channel's linear light times what brings it closest to the truth.

    Args:
        image: as rendered, over black.
        rgba: the truth, straight, uint8 [H, W, 4].
        pixels: that are compared, bool [H, W].
    """
    truth = rgba[..., :3] / np.float32(255) * (rgba[..., 3:] / np.float32(255))
    mine, right = (to_linear(v[pixels]).astype(np.float64) for v in (image.colors, truth))
    square = (mine * mine).sum(0)
    factors = np.where(square > _DARK, (mine * right).sum(0) / np.maximum(square, _DARK), 1.0)
    return replace(image, colors=to_srgb(to_linear(image.colors) * factors.astype(np.float32)))


def fit_appearance(
    pipeline: Pipeline, view: View, pixels: Mask, fit: ViewFit, stop: Callable[[], bool]
) -> jt.Var:
    """The numbers of an image, [1, width], with which the field looks most like a view's picture.

    Args:
        pipeline: the method.
        view: has the picture.
        pixels: of it that are compared, bool [H, W].
        fit: how.
        stop: whether to break off.

    Raises:
        StopRequested: it was.
    """
    every, truth = view.rays(0, view.height), view.rgba().reshape(-1, 4) / np.float32(255)
    every = replace(every, image_indices=None)
    where = np.flatnonzero(pixels)

    def gradient(numbers: NDArray[np.float64], step: int) -> NDArray[np.float32]:
        if stop():
            raise StopRequested
        draws = uniform(0, step, np.arange(fit.rays), 0)
        chosen = where[(draws * len(where)).astype(np.int64)].astype(np.int32)
        return _gradient(pipeline, every.take(chosen), truth[chosen], numbers)

    found = fitted(pipeline.network.appearance.resting(), gradient, fit.steps, fit.lr)
    return jt.array(found.astype(np.float32)).stop_grad()


def _gradient(
    pipeline: Pipeline,
    rays: RayBundle,
    truth: NDArray[np.float32],
    numbers: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Of the mean squared error of pixels, by the numbers, [1, width]."""
    var = jt.array(numbers.astype(np.float32))
    with pipeline.network.appearance.worn(var):
        error = pixel_error(pipeline, rays, truth)
    return jt.grad(error, var).numpy()
