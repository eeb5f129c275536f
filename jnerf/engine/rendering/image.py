"""One image from the field: rows of rays, rendered in chunks that fit in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.pipeline.field import FrozenField
from jnerf.imaging.image import Image
from jnerf.models.renderers.base import filled
from jnerf.structures import RayBundle, RenderOutput

#: Most rays rendered at once unless the config says otherwise.
RAYS_PER_CHUNK = 16384
#: Samples that a chunk aims at, as many as a training step has: a field that is still fog has hundreds on a ray.
SAMPLES_PER_CHUNK = 2**18
_FIRST_RAYS = 1024


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
    rays_per_chunk: int = RAYS_PER_CHUNK,
) -> Image:
    """Renders all rows of a view over black, without gradients and without jitter.

    Args:
        pipeline: the method; the caller applies the EMA.
        rows: (first, end) -> rays of those rows, row-major.
        width: pixels.
        height: pixels.
        rays_per_chunk: at most this many rays at once, but at least one row.
    """

    def rays(first: int, end: int) -> RayBundle:
        return rows(first // width, end // width)

    found = render_rays(pipeline, rays, width * height, rays_per_chunk, unit=width)
    return to_image(found, width, height)


def render_rays(
    pipeline: Pipeline,
    rays: Callable[[int, int], RayBundle],
    n: int,
    rays_per_chunk: int = RAYS_PER_CHUNK,
    unit: int = 1,
) -> Rendered:
    """Renders rays over black, a chunk at a time, without gradients and without jitter.

    Args:
        pipeline: the method; the caller applies the EMA.
        rays: (first, end) -> those of the rays.
        n: rays in all, at least 1.
        rays_per_chunk: at most this many at once, but at least one unit.
        unit: chunks begin at its multiples.

    Returns:
        What the renderer gives for all of them.
    """
    units, most = -(-n // unit), max(1, rays_per_chunk // unit)
    parts, total, done, size = [], 0, 0, min(most, max(1, _FIRST_RAYS // unit))
    while done < units:
        end = min(done + size, units)
        part, n_samples = _arrays(pipeline, rays(done * unit, min(end * unit, n)))
        parts.append(part)
        total += n_samples
        # As many next as would have met the aim here, but growing slowly: the next ones may be denser.
        wanted = int((end - done) * SAMPLES_PER_CHUNK / max(n_samples, 1))
        done, size = end, max(1, min(wanted, 2 * size, most))
    channels = [
        None if channel[0] is None else np.concatenate(channel)
        for channel in zip(*parts, strict=True)
    ]
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


def _arrays(pipeline: Pipeline, rays: RayBundle) -> tuple[tuple[NDArray | None, ...], int]:
    """(colours, opacities, depths, normals or None) of rays, and how many samples they took."""
    render, n_samples = render_chunk(pipeline, rays)
    channels = [render.colors, render.opacities, render.depths]
    normals = render.extras.get("normals")
    jt.sync(channels + ([] if normals is None else [normals]))
    arrays = [channel.numpy() for channel in channels]
    return (*arrays, None if normals is None else normals.numpy()), n_samples
