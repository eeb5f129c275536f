"""Views of a field that is still fog: every eighth pixel first, more only where they disagree.

Early in training, in a box that is much wider than what has been learnt, a ray keeps hundreds of samples: nothing along
it is opaque yet, and no cell of the grid is empty. A picture of that is costly and smooth. So pixels on a lattice are
rendered, and halfway points of its cells compared with what their corners predict; cells whose points all came as
predicted are interpolated, the others divided again. What is rendered at all is rendered as in any other picture.

Coarser steps along the rays would not do: the finest levels of a hash grid are noise at that time, which every sample
has its share in. After 200 steps on fox, steps of twice the length change a picture by 29 dB, half the pixels by 44.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.rendering.image import (
    Rendered,
    render_image,
    render_rays,
    to_image,
)
from jnerf.imaging.image import Image
from jnerf.structures import RayBundle

#: Samples per ray, averaged over a view, from which on it is fog. A trained scene has fewer.
FOG = 96
#: Pixels from one to the next of those that tell whether it is fog, and of the first lattice.
_PROBE, _COARSEST = 16, 8

Rows = Callable[[int, int], RayBundle]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


def render_view(
    pipeline: Pipeline,
    rows: Rows,
    width: int,
    height: int,
    rays_per_chunk: int | None = None,
    tolerance: float = 0.0,
) -> tuple[Image, float]:
    """A view as :func:`jnerf.engine.rendering.image.render_image` gives it, or nearly, and sooner, where it is fog.

    Args:
        pipeline: the method; the caller applies the EMA.
        rows: (first, end) -> rays of those rows, row-major.
        width: pixels.
        height: pixels.
        rays_per_chunk: at most this many rays at once, but at least one row.
        tolerance: largest difference from what the neighbours predict, of colours and opacities in [0, 1]; 0: every
            pixel is rendered.

    Returns:
        The view, and the share of its pixels that were rendered: 1 where it is no fog, with the bits of
        ``render_image`` then.
    """
    if tolerance > 0 and min(width, height) > 2 * _PROBE and _may_be_fog(pipeline):
        pixels = _Pixels(pipeline, rows, width, height, rays_per_chunk)
        probe = np.zeros((height, width), bool)
        probe[_PROBE // 2 :: _PROBE, _PROBE // 2 :: _PROBE] = True
        if pixels.render(probe).n_samples > FOG * probe.sum():
            return _Sparse(pixels, tolerance).image()
    return render_image(pipeline, rows, width, height, rays_per_chunk), 1.0


def _may_be_fog(pipeline: Pipeline) -> bool:
    """Whether samples are only where the field is not empty: else there are as many for any field."""
    return pipeline.sampler.occupied_cells is not None


class _Pixels:
    """Renders any pixels of a view."""

    def __init__(
        self, pipeline: Pipeline, rows: Rows, width: int, height: int, rays_per_chunk: int | None
    ) -> None:
        self._pipeline, self._rows = pipeline, rows
        self.width, self.height = width, height
        self._rays_per_chunk = rays_per_chunk

    def render(self, mask: Mask) -> Rendered:
        """What the renderer gives for the pixels of the mask [H, W], at least one, row after row."""
        where = np.flatnonzero(mask)

        def rays(first: int, end: int) -> RayBundle:
            part = where[first:end]
            top = part[0] // self.width
            found = self._rows(int(top), int(part[-1] // self.width) + 1)
            return found.take((part - top * self.width).astype(np.int32))

        return render_rays(self._pipeline, rays, len(where), self._rays_per_chunk)


class _Sparse:
    """One view, known at some of its pixels."""

    def __init__(self, pixels: _Pixels, tolerance: float) -> None:
        self._pixels, self._tolerance = pixels, tolerance
        self._rendered = np.zeros((pixels.height, pixels.width), bool)
        # [H, W, C]: colours, opacities, depths, and normals if any
        self._values: Floats | None = None

    def image(self) -> tuple[Image, float]:
        """The whole view, and the share of its pixels that were rendered."""
        height, width = self._rendered.shape
        cells = (height - 1) // _COARSEST, (width - 1) // _COARSEST
        self._inner = slice(cells[0] * _COARSEST + 1), slice(cells[1] * _COARSEST + 1)
        # What lies beyond the last whole cell, and the lattice.
        first = np.ones_like(self._rendered)
        first[self._inner] = False
        first[self._inner][::_COARSEST, ::_COARSEST] = True
        self._render(first)
        # Depths are compared as shares of the farthest.
        self._weights = np.ones(self._values.shape[-1], np.float32)
        self._weights[4:] = 0
        self._weights[4] = 1 / max(float(self._values[..., 4].max()), 1e-6)
        divided = np.ones(cells, bool)
        stride = _COARSEST
        while stride > 1:
            divided = self._divide(divided, stride)
            stride //= 2
        values = self._values.reshape(height * width, -1)
        normals = values[:, 5:] if values.shape[1] > 5 else None
        found = Rendered(values[:, :3], values[:, 3], values[:, 4], normals)
        return to_image(found, width, height), float(self._rendered.mean())

    def _divide(self, divided: Mask, stride: int) -> Mask:
        """Renders the halfway points of the cells that are to be divided; interpolates the halves that need no more.

        Args:
            divided: those cells, of so many pixels a side.
            stride: pixels.

        Returns:
            Which cells of half the size are to be divided.
        """
        half = stride // 2
        values, rendered = self._values[self._inner], self._rendered[self._inner]
        predicted = _doubled(values[::stride, ::stride])
        wanted = np.zeros_like(rendered)
        corners = wanted[::half, ::half]
        for dy in range(3):
            for dx in range(3):
                rows = slice(dy, dy + 2 * len(divided), 2)
                corners[rows, dx : dx + 2 * divided.shape[1] : 2] |= divided
        wanted &= ~rendered
        if wanted.any():
            full = np.zeros_like(self._rendered)
            full[self._inner] = wanted
            self._render(full)
        error = np.abs(values[::half, ::half] - predicted) * self._weights
        surprising = (error.max(-1) > self._tolerance) & wanted[::half, ::half]
        halves = divided.repeat(2, 0).repeat(2, 1)
        touched = surprising[:-1, :-1] | surprising[1:, :-1] | surprising[:-1, 1:]
        again = halves & (touched | surprising[1:, 1:])
        if half > 1:
            smooth = values[::half, ::half]
            while len(smooth) < len(values):
                smooth = _doubled(smooth)
            fill = np.zeros_like(rendered)
            fill[:-1, :-1] = (halves & ~again).repeat(half, 0).repeat(half, 1)
            fill[-1], fill[:, -1] = True, True  # the pixels of borders all follow from their cells
            fill &= ~rendered
            values[fill] = smooth[fill]
        return again

    def _render(self, mask: Mask) -> None:
        found = self._pixels.render(mask)
        channels = [found.colors, found.opacities[:, None], found.depths[:, None]]
        channels += [] if found.normals is None else [found.normals]
        new = np.concatenate(channels, axis=1)
        if self._values is None:
            self._values = np.zeros((*mask.shape, new.shape[1]), np.float32)
        self._values[mask] = new
        self._rendered |= mask


def _doubled(lattice: Floats) -> Floats:
    """Values of [h, w, C] and of the points halfway between them, [2 h - 1, 2 w - 1, C]."""
    height, width, channels = lattice.shape
    out = np.empty((2 * height - 1, 2 * width - 1, channels), np.float32)
    out[::2, ::2] = lattice
    out[1::2, ::2] = 0.5 * (lattice[:-1] + lattice[1:])
    out[:, 1::2] = 0.5 * (out[:, :-1:2] + out[:, 2::2])
    return out
