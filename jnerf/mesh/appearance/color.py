"""The colour of a surface: what the field shows to someone who looks straight at it."""

from __future__ import annotations

from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.imaging.pictures import to_uint8
from jnerf.structures import RayBundle, RaySamples

#: Most vertices asked at once.
CHUNK = 2**17
# The eye's distance, in lengths of a sample. Only encoders of cones see it.
_DISTANCE = 8.0


def vertex_colors(
    network: Any,
    points: NDArray[np.float32],
    normals: NDArray[np.float32],
    length: float,
    round: int = 0,
    chunk: int = CHUNK,
) -> NDArray[np.uint8]:
    """Colours of points, each seen along its inward normal.

    Args:
        network: the field.
        points: field units, float32 [V, 3].
        normals: outward, field axes, unit or zero (then seen from above), float32 [V, 3].
        length: of the sample around each point, and width of its pixel, field units.
        round: of the samples, for fields that differ from round to round.
        chunk: most points asked at once.

    Returns:
        sRGB, uint8 [V, 3].
    """
    parts = [np.empty((0, 3), np.uint8)]
    for first in range(0, len(points), chunk):
        part = slice(first, first + chunk)
        samples = _samples(points[part], normals[part], length, round)
        with jt.no_grad():
            parts.append(to_uint8(network(samples).rgbs.numpy()))
    return np.concatenate(parts)


def _samples(
    points: NDArray[np.float32], normals: NDArray[np.float32], length: float, round: int
) -> RaySamples:
    """One ray to each point, with one sample in its middle."""
    n, distance = len(points), _DISTANCE * length
    seen = np.linalg.norm(normals, axis=1, keepdims=True) > 0.5
    rays_d = np.where(seen, -normals, np.float32([0, 0, -1])).astype(np.float32)
    radii = np.full((n, 1), 0.5 / _DISTANCE, np.float32)
    rays = RayBundle(
        jt.array(points - np.float32(distance) * rays_d),
        jt.array(rays_d),
        radii_of=lambda: jt.array(radii),
    )
    starts = np.full(n, distance - 0.5 * length, np.float32)
    indices = np.arange(n, dtype=np.int32)
    packed_info = np.stack([indices, np.ones_like(indices)], axis=1)
    where = starts, starts + np.float32(length), indices, packed_info
    return RaySamples(rays, *map(jt.array, where), round=round)
