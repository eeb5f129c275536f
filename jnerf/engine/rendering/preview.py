"""A view from coarse to fine, for whoever looks on: first every eighth pixel, in the end all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.rendering.image import RAYS_PER_CHUNK, Rendered, render_rays, to_image
from jnerf.imaging.image import Image
from jnerf.structures import RayBundle

# Columns and rows of pixels, int32 [R] each -> their rays.
PixelRays = Callable[[NDArray[np.int32], NDArray[np.int32]], RayBundle]

#: Distances between the pixels of one picture after the other.
STRIDES = (8, 4, 2, 1)


def preview(
    pipeline: Pipeline,
    rays: PixelRays,
    width: int,
    height: int,
    strides: Sequence[int] = STRIDES,
    rays_per_chunk: int = RAYS_PER_CHUNK,
) -> Iterator[Image]:
    """Renders ever finer pictures of one view over black; whoever has seen enough stops asking.

    Pixel (i, j) of the picture with stride s is pixel (s i, s j) of the whole view, so that each pixel is rendered
    once: all pictures together cost as much as the last one.

    Args:
        pipeline: the method; the caller applies the EMA.
        rays: columns and rows of pixels -> their rays.
        width: of the whole view, pixels.
        height: of the whole view, pixels.
        strides: each divides the one before.
        rays_per_chunk: at most this many rays at once.

    Yields:
        Pictures of ceil(width / stride) x ceil(height / stride) pixels.

    Raises:
        ValueError: a stride does not divide the one before.
    """
    if min(strides, default=1) < 1 or any(
        a % b for a, b in zip(strides, strides[1:], strict=False)
    ):
        raise ValueError(
            f"strides are {list(strides)}: each must be at least 1 and divide the one before"
        )
    colors = np.zeros((height, width, 3), np.float32)
    opacities, depths = np.zeros((2, height, width), np.float32)
    done = np.zeros((height, width), bool)
    for stride in strides:
        y, x = (v.ravel().astype(np.int32) for v in np.mgrid[0:height:stride, 0:width:stride])
        new = ~done[y, x]
        y, x = y[new], x[new]
        if len(y):
            found = render_rays(pipeline, _chunks(rays, x, y), len(y), rays_per_chunk)
            colors[y, x], opacities[y, x], depths[y, x] = found[:3]
            done[y, x] = True
        shown = slice(None, None, stride)
        found = Rendered(*(v[shown, shown] for v in (colors, opacities, depths)))
        yield to_image(found, len(range(0, width, stride)), len(range(0, height, stride)))


def _chunks(
    rays: PixelRays, x: NDArray[np.int32], y: NDArray[np.int32]
) -> Callable[[int, int], RayBundle]:
    return lambda first, end: rays(x[first:end], y[first:end])
