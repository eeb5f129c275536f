"""Smaller views to judge on the way: every n-th pixel of every n-th row, with its own truth.

Not averages of pixels: rays are those of the whole view, whatever the lens, and PSNR over a regular part of the pixels
estimates PSNR over all of them. SSIM of such a picture is another number than that of the whole one.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jnerf.structures import RayBundle

if TYPE_CHECKING:
    from jnerf.datasets.base import Dataset


def smaller(dataset: Dataset, downscale: int) -> Dataset:
    """The dataset with smaller views, or ``Dataset.thinned``; itself for a ``downscale`` of 1.

    Args:
        dataset: what is judged on; datasets without either are judged as ever.
        downscale: pixels from one to the next.
    """
    if downscale == 1:
        return dataset
    own = dataset.thinned(downscale)
    if own is not None:
        return own
    found = copy.copy(dataset)
    found.view = lambda i: SmallerView(dataset.view(i), downscale)
    found.depth_of = lambda i: _thinned(dataset.depth_of(i), downscale)
    return found


class SmallerView:
    """Every n-th pixel of every n-th row of a view, from the middle of the first n on.

    Args:
        view: the whole view.
        downscale: n.
    """

    def __init__(self, view: Any, downscale: int) -> None:
        self._view, self._n = view, downscale
        self._first = downscale // 2
        self.name = view.name
        self.width = len(range(self._first, view.width, downscale))
        self.height = len(range(self._first, view.height, downscale))

    def rays(self, y0: int, y1: int) -> RayBundle:
        """Rays of the pixel rows ``y0 .. y1 - 1``, row-major, (y1 - y0) * width of them."""
        top, bottom = (self._first + self._n * y for y in (y0, y1 - 1))
        rows = np.arange(0, bottom - top + 1, self._n)[:, None] * self._view.width
        columns = np.arange(self._first, self._view.width, self._n)
        return self._view.rays(top, bottom + 1).take((rows + columns).reshape(-1).astype(np.int32))

    def rgba(self) -> NDArray[np.uint8]:
        """The true pixels, straight RGBA, uint8 [H, W, 4]."""
        return _thinned(self._view.rgba(), self._n)

    def shown(self) -> NDArray[np.bool_] | None:
        """Those of its pixels that show something of the scene, bool [H, W]; None for all."""
        return _thinned(self._view.shown(), self._n)


def _thinned(picture: NDArray[Any] | None, n: int) -> NDArray[Any] | None:
    """Every n-th pixel of every n-th row; None of None."""
    return None if picture is None else np.ascontiguousarray(picture[n // 2 :: n, n // 2 :: n])
