"""One image from the field: rows of rays, rendered in chunks that fit in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.pipeline.field import FrozenField
from jnerf.engine.rendering.portions import Portions
from jnerf.imaging.image import Image
from jnerf.models.renderers.base import filled
from jnerf.structures import RayBundle, RenderOutput


class Rendered(NamedTuple):
    """What a renderer gives for n rays: colours [n, 3], opacities [n], depths, sums of weight x distance, [n], and
    normals, sums of weight x normal, [n, 3], or None; float32 each. And how many samples they all took."""

    colors: NDArray[np.float32]
    opacities: NDArray[np.float32]
    depths: NDArray[np.float32]
    normals: NDArray[np.float32] | None = None
    n_samples: int = 0


def render_image(
    pipeline: Pipeline,
    rows: Callable[[int, int], RayBundle],
    width: int,
    height: int,
    rays_per_chunk: int | None = None,
) -> Image:
    """Renders all rows of a view over black, without gradients and without jitter.

    Args:
        pipeline: the method; the caller applies the EMA.
        rows: (first, end) -> rays of those rows, row-major.
        width: pixels.
        height: pixels.
        rays_per_chunk: at most this many rays at once, but at least one row; None: what suits the device.
    """

    def rays(first: int, end: int) -> RayBundle:
        return rows(first // width, end // width)

    found = render_rays(pipeline, rays, width * height, rays_per_chunk, unit=width)
    return to_image(found, width, height)


def render_rays(
    pipeline: Pipeline,
    rays: Callable[[int, int], RayBundle],
    n: int,
    rays_per_chunk: int | None = None,
    unit: int = 1,
) -> Rendered:
    """Renders rays over black, a chunk at a time, without gradients and without jitter.

    Args:
        pipeline: the method; the caller applies the EMA.
        rays: (first, end) -> those of the rays.
        n: rays in all, at least 1.
        rays_per_chunk: at most this many at once, but at least one unit; None: what suits the device.
        unit: chunks begin at its multiples.

    Returns:
        What the renderer gives for all of them.
    """
    units, done, total = -(-n // unit), 0, 0
    portions = Portions(pipeline.sampler, rays_per_chunk, unit)
    channels: list[NDArray | None] = []
    while done < units:
        end = min(done + portions.size, units)
        rows = slice(done * unit, min(end * unit, n))
        part, n_samples = _arrays(pipeline, rays(rows.start, rows.stop))
        portions.took(end - done, n_samples)
        total, done = total + n_samples, end
        if not channels and done == units:
            channels = part
            break
        if not channels:
            channels = [None if v is None else np.empty((n, v.shape[1]), v.dtype) for v in part]
        for whole, found in zip(channels, part, strict=True):
            if whole is not None:
                whole[rows] = found
    colors, opacities, depths, normals = channels
    return Rendered(colors, opacities.reshape(-1), depths.reshape(-1), normals, total)


def to_image(found: Rendered, width: int, height: int) -> Image:
    """The picture of what :func:`render_rays` gave for its pixels, row after row."""
    # The renderer's depth is a sum of weight x distance; divided by the opacity it is a distance.
    depths = found.depths / np.maximum(found.opacities, 1e-6) * (found.opacities > 0)
    shape = height, width
    normals = None if found.normals is None else found.normals.reshape(*shape, 3)
    maps = found.opacities.reshape(shape), depths.reshape(shape)
    return Image(found.colors.reshape(*shape, 3), *maps, normals)


def render_chunk(pipeline: Pipeline, rays: RayBundle) -> tuple[RenderOutput, int]:
    """What the renderer gives for rays over black, or over what it puts behind pictures (``Renderer.test_background``),
    and how many samples they took; without gradients."""
    with jt.no_grad():
        samples = pipeline.sampler(rays, FrozenField(pipeline.network), None)
        behind = pipeline.renderer.test_background(len(rays))
        render = pipeline.renderer(samples, pipeline.network(samples), behind)
        return render if behind is None else filled(render), len(samples)


def _arrays(pipeline: Pipeline, rays: RayBundle) -> tuple[list[NDArray | None], int]:
    """Colours, opacities, depths, normals or None of rays, and how many samples they took; the device is waited for
    once."""
    render, n_samples = render_chunk(pipeline, rays)
    channels = [render.colors, render.opacities, render.depths]
    normals = render.extras.get("normals")
    arrays = jt.fetch_sync(channels + ([] if normals is None else [normals]))
    return [*arrays, *([None] if normals is None else [])], n_samples
