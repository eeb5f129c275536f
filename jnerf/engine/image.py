"""One image from the field: rows of rays, rendered in chunks that fit in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.engine.build import Pipeline
from jnerf.engine.field import FrozenField
from jnerf.structures import RayBundle

#: Most rays rendered at once unless the config says otherwise.
RAYS_PER_CHUNK = 16384
#: Samples that a chunk aims at, as many as a training step has: a field that is still fog has hundreds on a ray.
SAMPLES_PER_CHUNK = 2**18
_FIRST_RAYS = 1024


@dataclass(frozen=True)
class Image:
    """A rendered view.

    Attributes:
        colors: sRGB over black, float32 [H, W, 3], not clipped.
        opacities: float32 [H, W].
        depths: expected distance of what is seen, field units, float32 [H, W]; 0 where nothing is.
    """

    colors: NDArray[np.float32]
    opacities: NDArray[np.float32]
    depths: NDArray[np.float32]

    def over_white(self) -> NDArray[np.float32]:
        """The same view over white, from the same render: colour + (1 - opacity), float32 [H, W, 3]."""
        return self.colors + (1 - self.opacities[..., None])


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
    most = max(1, rays_per_chunk // width)
    parts, y, n_rows = [], 0, min(most, max(1, _FIRST_RAYS // width))
    while y < height:
        end = min(y + n_rows, height)
        part, n_samples = _render_rays(pipeline, rows(y, end))
        parts.append(part)
        # As many rows next as would have met the aim here, but growing slowly: the next ones may be denser.
        wanted = int((end - y) * SAMPLES_PER_CHUNK / max(n_samples, 1))
        y, n_rows = end, max(1, min(wanted, 2 * n_rows, most))
    colors, opacities, depths = (np.concatenate(channel) for channel in zip(*parts, strict=True))
    opacities = opacities.reshape(height, width)
    # The renderer's depth is a sum of weight x distance; divided by the opacity it is a distance.
    depths = depths.reshape(height, width) / np.maximum(opacities, 1e-6)
    return Image(colors.reshape(height, width, 3), opacities, depths * (opacities > 0))


def _render_rays(pipeline: Pipeline, rays: RayBundle) -> tuple[tuple[NDArray, ...], int]:
    """(colours, opacities, depths) of rays, and how many samples they took."""
    with jt.no_grad():
        samples = pipeline.sampler(rays, FrozenField(pipeline.network), None)
        render = pipeline.renderer(samples, pipeline.network(samples), None)
        jt.sync([render.colors, render.opacities, render.depths])
        channels = render.colors, render.opacities, render.depths
        return tuple(channel.numpy() for channel in channels), len(samples)
