"""Slices through a field: density or signed distance, and colours, on planes across an axis of the world."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import jittor as jt
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.pipeline.field import FrozenField
from jnerf.errors import ConfigError
from jnerf.mesh.appearance.color import vertex_colors
from jnerf.models.networks.base import Network

_CHUNK = 2**17
_MOST = 4096  # points along a side, and slices
#: The picture's right and up, for a look against each axis.
_RIGHT_UP = {"x": (1, 2), "y": (0, 2), "z": (0, 1)}


@dataclass(frozen=True)
class SliceOptions:
    """Where to cut.

    Attributes:
        axis: of the world, that the planes cross at a right angle: x, y or z.
        at: places on it, world units; None: ``count`` of them, evenly through the field's box.
        count: how many.
        resolution: points along the longer side of a slice.

    Raises:
        ConfigError: a value is out of range.
    """

    axis: str = "z"
    at: Sequence[float] | None = None
    count: int = 8
    resolution: int = 512

    def __post_init__(self) -> None:
        if self.axis not in _RIGHT_UP:
            raise ConfigError(f"--axis {self.axis}: choose x, y or z")
        if not 2 <= self.resolution <= _MOST:
            raise ConfigError(f"--resolution {self.resolution}: it must be 2 to {_MOST}")
        if not 1 <= self.count <= _MOST:
            raise ConfigError(f"--count {self.count}: it must be 1 to {_MOST}")
        if self.at is not None and not all(map(math.isfinite, self.at)):
            raise ConfigError(f"--at {list(self.at)}: places must be finite, world units")


@dataclass(frozen=True, eq=False)
class Slice:
    """The field on one plane; rows from above, NaN outside the field's box.

    Attributes:
        axis: x, y or z.
        at: place on the axis, world units.
        extent: of the picture's left, right, lower and upper border, world units.
        kind: "density" or "sdf".
        values: per world unit, or world units; float32 [H, W].
        colors: sRGB of the field seen along the axis from above, uint8 [H, W, 3]; None for a field without colours.
    """

    axis: str
    at: float
    extent: tuple[float, float, float, float]
    kind: str
    values: NDArray[np.float32]
    colors: NDArray[np.uint8] | None


def slices(
    pipeline: Pipeline, options: SliceOptions, world_to_field: Similarity, progress: bool = True
) -> list[Slice]:
    """Asks a field on planes, by the weights as they are.

    Args:
        pipeline: the method, its weights loaded; the caller applies the average.
        options: where.
        world_to_field: the similarity that the field was trained in.
        progress: show a progress bar.

    Raises:
        ConfigError: a place lies outside the field's box.
    """
    low, high = _world_box(pipeline.facts["aabb"], world_to_field)
    axis = "xyz".index(options.axis)
    places = options.at
    if places is None:
        steps = (np.arange(options.count) + 0.5) / options.count
        places = low[axis] + (high[axis] - low[axis]) * steps
    outside = [place for place in places if not low[axis] <= place <= high[axis]]
    if outside:
        raise ConfigError(
            f"--at {outside[0]:g}: along {options.axis} the field's box is {low[axis]:.4g} to {high[axis]:.4g} (world)"
        )
    bar = tqdm(places, "slices", leave=False, unit="slice", disable=not progress)
    return [_slice(pipeline, options, world_to_field, (low, high), float(place)) for place in bar]


def _slice(
    pipeline: Pipeline,
    options: SliceOptions,
    world_to_field: Similarity,
    box: tuple[NDArray[np.float64], NDArray[np.float64]],
    at: float,
) -> Slice:
    low, high = box
    right, up = _RIGHT_UP[options.axis]
    sides = high[[right, up]] - low[[right, up]]
    step = float(sides.max()) / options.resolution
    width, height = np.maximum(np.round(sides / step), 1).astype(int).tolist()
    world = np.empty((height, width, 3))
    world[..., "xyz".index(options.axis)] = at
    world[..., right] = low[right] + (np.arange(width) + 0.5) * sides[0] / width
    world[..., up] = (high[up] - (np.arange(height) + 0.5) * sides[1] / height)[:, None]
    points = world_to_field.points(world.reshape(-1, 3)).astype(np.float32)
    aabb = np.asarray(pipeline.facts["aabb"], np.float32)
    inside = ((points >= aabb[:3]) & (points <= aabb[3:])).all(axis=1)
    network, scale = pipeline.network, world_to_field.scale
    kind = "sdf" if "sdf" in network.provides else "density"
    values = np.full(len(points), np.nan, np.float32)
    values[inside] = _ask(network, points[inside], kind)
    values *= np.float32(scale if kind == "density" else 1 / scale)
    colors = None
    if "rgbs" in network.provides:
        toward = np.zeros(3)
        toward["xyz".index(options.axis)] = 1.0
        normals = np.tile(world_to_field.directions(toward), (int(inside.sum()), 1))
        colors = np.full((len(points), 3), 255, np.uint8)
        colors[inside] = vertex_colors(
            network,
            points[inside],
            normals.astype(np.float32),
            step * scale,
            pipeline.sampler.earlier_rounds,
        )
        colors = colors.reshape(height, width, 3)
    extent = tuple(float(x) for x in (low[right], high[right], low[up], high[up]))
    return Slice(options.axis, at, extent, kind, values.reshape(height, width), colors)


def _ask(network: Network, points: NDArray[np.float32], kind: str) -> NDArray[np.float32]:
    """Densities or distances at points, field units, float32 [P]."""
    field, found = FrozenField(network), [np.empty(0, np.float32)]
    ask = field.sdf if kind == "sdf" else field.density
    for first in range(0, len(points), _CHUNK):
        with jt.no_grad():
            found.append(ask(jt.array(points[first : first + _CHUNK])).reshape(-1).numpy())
    return np.concatenate(found)


def _world_box(
    aabb: NDArray, world_to_field: Similarity
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The world's box around the field's."""
    low, high = np.split(np.asarray(aabb, np.float64), 2)
    corners = np.where(np.array(list(np.ndindex(2, 2, 2))) > 0, high, low)
    world = world_to_field.inverse().points(corners)
    return world.min(axis=0), world.max(axis=0)
