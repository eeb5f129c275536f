"""One image of a scene: a ray per pixel centre, then many per pixel where neighbours differ."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.procedural.scene.scene import Scene
from jnerf.datasets.procedural.scene.shading import trace
from jnerf.datasets.procedural.scene.shapes import Floats

#: Rays traced at once: small enough for the arrays of a step to stay in the cache.
_TILE = 32768
#: Samples along each side of a pixel that lies on an edge.
_GRID = 3
#: Neighbours that differ by more than this (sRGB, 0..1) are an edge.
_CONTRAST = 0.08

RayMaker = Callable[[Floats, Floats], tuple[Floats, Floats]]


def render_image(scene: Scene, rays: RayMaker, width: int, height: int) -> NDArray[np.uint8]:
    """Renders an image on a transparent background.

    Args:
        scene: the scene.
        rays: from image columns and rows [R], measured from the centre of pixel (0, 0), to world origins
            [R, 3] and unit directions [R, 3].
        width: in pixels.
        height: in pixels.

    Returns:
        Straight sRGB with alpha, uint8 [H, W, 4].
    """
    y, x = np.mgrid[0:height, 0:width].reshape(2, -1).astype(np.float32)
    image, solid = _traced(scene, rays, x, y)
    edge = np.flatnonzero(_edges(_encoded(image), solid, width, height))
    offsets = ((np.arange(_GRID) + 0.5) / _GRID - 0.5).astype(np.float32)
    dy, dx = (part.reshape(-1) for part in np.meshgrid(offsets, offsets, indexing="ij"))
    fine = _traced(scene, rays, (x[edge, None] + dx).reshape(-1), (y[edge, None] + dy).reshape(-1))[
        0
    ]
    image[edge] = fine.reshape(len(edge), _GRID**2, 4).mean(axis=1)
    return (_encoded(image) * 255 + 0.5).astype(np.uint8).reshape(height, width, 4)


def _traced(scene: Scene, rays: RayMaker, x: Floats, y: Floats) -> tuple[Floats, NDArray[np.int8]]:
    """Premultiplied linear RGBA [R, 4], colours clipped to 1, and the solid seen [R]."""
    image = np.zeros((len(x), 4), np.float32)
    solid = np.empty(len(x), np.int8)
    for first in range(0, len(x), _TILE):
        rows = slice(first, first + _TILE)
        colors, hits = trace(scene, *rays(x[rows], y[rows]))
        image[rows, :3] = np.minimum(colors, 1)
        image[rows, 3] = hits.solid >= 0
        solid[rows] = hits.solid
    return image, solid


def _edges(srgb: Floats, solid: NDArray[np.int8], width: int, height: int) -> NDArray[np.bool_]:
    """Pixels that differ from a neighbour above, below, left or right, bool [H * W]."""
    srgb = srgb.reshape(height, width, 4)
    solid = solid.reshape(height, width)
    result = np.zeros((height, width), bool)
    ahead, behind = slice(1, None), slice(None, -1)
    for here, there in (((ahead,), (behind,)), ((slice(None), ahead), (slice(None), behind))):
        differs = np.abs(srgb[here] - srgb[there]).max(axis=-1) > _CONTRAST
        differs |= solid[here] != solid[there]
        result[here] |= differs
        result[there] |= differs
    return result.reshape(-1)


def _encoded(image: Floats) -> Floats:
    """Premultiplied linear RGBA to straight sRGB with alpha, [R, 4] in [0, 1]."""
    alpha = image[:, 3:]
    linear = np.clip(image[:, :3] / np.maximum(alpha, 1e-6), 0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.concatenate([srgb, alpha], axis=1).astype(np.float32)
