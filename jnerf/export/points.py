"""A cloud of points on what the training views see: rendered depths, colours and normals of random pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import jittor as jt
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.datasets.placement.similarity import Similarity
from jnerf.datasets.posed import PosedImages
from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.rendering.image import render_rays
from jnerf.errors import ConfigError
from jnerf.export.thinning import Voxels
from jnerf.imaging.pictures import to_uint8
from jnerf.mesh.field import SurfaceField

_RAYS = 2**15  # at once
#: Differences for normals, and what counts as near the surface, in parts of the box.
_STEP = 1 / 256
# Opacity of a step's length of the field near a point, below which the point hangs in the air: the mean of depths in
# front of an edge and behind it.
_AIR = 0.004


@dataclass(frozen=True)
class PointOptions:
    """What to sample.

    Attributes:
        count: points wanted; there may be fewer where all pixels have been asked.
        opacity: least opacity of a pixel that gives a point.
        voxel: at most one point in each cube of this edge, world units; None: as they come.
        seed: of the pixels.

    Raises:
        ConfigError: a number is out of range.
    """

    count: int = 1_000_000
    opacity: float = 0.5
    voxel: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ConfigError(f"--count {self.count}: ask for at least 1 point")
        if not 0 < self.opacity <= 1:
            raise ConfigError(f"--opacity {self.opacity}: it must be above 0 and at most 1")
        if self.voxel is not None and not (math.isfinite(self.voxel) and self.voxel > 0):
            raise ConfigError(f"--voxel {self.voxel}: it must be a length above 0, in world units")


@dataclass(frozen=True, eq=False)
class PointCloud:
    """N points.

    Attributes:
        points: world units, float64 [N, 3].
        normals: unit, towards the camera that saw the point, world axes, float32 [N, 3].
        colors: sRGB, uint8 [N, 3].
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float32]
    colors: NDArray[np.uint8]


def sample_points(
    pipeline: Pipeline, options: PointOptions, world_to_field: Similarity, progress: bool = True
) -> PointCloud:
    """Points on what the training views see, by the weights as they are.

    Args:
        pipeline: the method, its weights loaded; the caller applies the average.
        options: how many, and which.
        world_to_field: the similarity that the field was trained in.
        progress: show a progress bar.

    Raises:
        ConfigError: the scene has no views, the field no colours, or no pixel is opaque enough.
    """
    dataset = pipeline.dataset
    if not isinstance(dataset, PosedImages):
        raise ConfigError("points are what views see, and this dataset has no views")
    if "rgbs" not in pipeline.network.provides:
        raise ConfigError(f"{type(pipeline.network).__name__} has no colours, and points need some")
    back, parts, total = world_to_field.inverse(), [], 0
    corners = back.points(_corners(pipeline.facts["aabb"]))
    voxels = None if options.voxel is None else Voxels(corners, options.voxel)
    with tqdm(
        total=options.count, desc="points", unit="point", leave=False, disable=not progress
    ) as bar:
        for pixels in _pixels(dataset, options.seed):
            found = _points(pipeline, dataset, pixels, options.opacity)
            world = back.points(found.points)
            kept = np.ones(len(world), bool) if voxels is None else voxels.new(world)
            normals = back.directions(found.normals[kept]).astype(np.float32)
            parts.append(PointCloud(world[kept], normals, found.colors[kept]))
            total += int(kept.sum())
            bar.update(min(int(kept.sum()), options.count - bar.n))
            if total >= options.count:
                break
    if not total:
        raise ConfigError(
            f"no pixel of the training views has an opacity of {options.opacity:g} or more and a surface in the "
            "field's box: lower --opacity, or train longer"
        )
    channels = (
        np.concatenate([getattr(part, name) for part in parts])[: options.count]
        for name in ("points", "normals", "colors")
    )
    return PointCloud(*channels)


def _corners(aabb: NDArray) -> NDArray[np.float64]:
    low, high = np.split(np.asarray(aabb, np.float64), 2)
    return np.where(np.array(list(np.ndindex(2, 2, 2))) > 0, high, low)


def _pixels(dataset: PosedImages, seed: int) -> Iterator[tuple[NDArray[np.int32], ...]]:
    """(images, columns, rows) of all pixels that show something, each once, in leaps all over the views."""
    areas = dataset.cameras.sizes.astype(np.int64).prod(axis=1)
    ends = np.cumsum(areas)
    total, shown = int(ends[-1]), [dataset.cameras.shown(i) for i in range(len(areas))]
    leap = int(total * 0.6180339887) | 1
    while math.gcd(leap, total) > 1:
        leap += 2
    start, leap = int(np.random.default_rng(seed).integers(total)), leap % total
    for first in range(0, total, _RAYS):
        steps = np.arange(min(_RAYS, total - first), dtype=np.int64)
        # A leap is below 2^40 and a step below 2^16: their product fits.
        numbers = (start + steps * leap) % total
        start = (start + len(steps) * leap) % total
        images = np.searchsorted(ends, numbers, side="right").astype(np.int32)
        rest = numbers - (ends - areas)[images]
        y, x = np.divmod(rest, dataset.cameras.sizes[images, 0])
        seen = np.ones(len(images), bool)
        for i in np.unique(images):
            if shown[i] is not None:
                mine = images == i
                seen[mine] = shown[i][y[mine], x[mine]]
        if seen.any():
            yield images[seen], x[seen].astype(np.int32), y[seen].astype(np.int32)


def _points(
    pipeline: Pipeline,
    dataset: PosedImages,
    pixels: tuple[NDArray[np.int32], ...],
    opacity: float,
) -> PointCloud:
    """What pixels show, in field units and axes, without those that show too little."""

    def rays(first: int, end: int):
        images, x, y = (part[first:end] for part in pixels)
        known = jt.array(images) if dataset.split == "train" else None
        return dataset.cameras.bundle(images, x, y, known)

    found = render_rays(pipeline, rays, len(pixels[0]))
    rays_o, rays_d = dataset.cameras.generate_rays(*pixels)
    opacities = np.maximum(found.opacities, 1e-6)[:, None]
    points = rays_o + rays_d * (found.depths[:, None] / opacities)
    low, high = np.split(np.asarray(pipeline.facts["aabb"], np.float32), 2)
    kept = (found.opacities >= opacity) & ((points >= low) & (points <= high)).all(axis=1)
    near, normals = _around(pipeline, points[kept], float((high - low).max()) * _STEP)
    if found.normals is not None:
        normals = found.normals[kept]
    kept[kept] = near
    normals, ways = normals[near], rays_d[kept]
    normals = np.where((normals * ways).sum(1, keepdims=True) > 0, -normals, normals)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.where(length > 1e-9, normals / np.maximum(length, 1e-9), -ways)
    colors = to_uint8(found.colors[kept] / opacities[kept])
    return PointCloud(points[kept], normals.astype(np.float32), colors)


def _around(
    pipeline: Pipeline, points: NDArray[np.float32], step: float
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Whether a surface is within a step of each point, bool [P], and the field's slope outwards, [P, 3]."""
    if not len(points):
        return np.empty(0, bool), np.empty((0, 3), np.float32)
    # Values are minus the distance, or the logarithm of density / level, cut off at +-4: the level is 3 above thin air.
    distances, air = "sdf" in pipeline.network.provides, -math.log(1 - _AIR) / step
    least = -2 * step if distances else -3.0
    field, values = SurfaceField(pipeline.network, None if distances else air * math.exp(3)), []
    for axis in range(3):
        for sign in (-1, 1):
            offset = np.zeros(3, np.float32)
            offset[axis] = sign * step
            values.append(field(points + offset))
    values = np.stack(values, axis=1).reshape(-1, 3, 2)
    return values.max(axis=(1, 2)) > least, values[..., 0] - values[..., 1]
