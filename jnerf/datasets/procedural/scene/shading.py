"""Colour of surface points: lamp with soft shadow, sky with ambient occlusion, highlight, one reflection."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.procedural.scene.scene import Scene
from jnerf.datasets.procedural.scene.shapes import Floats, Hits, any_hit, first_hits

_LAMP_POINTS = 16
_FIRST_POINTS = 4
_LIFT = np.float32(2e-3)
_OCCLUSION_STEPS = (0.05, 0.13, 0.27, 0.45)


def trace(scene: Scene, rays_o: Floats, rays_d: Floats, bounces: int = 1) -> tuple[Floats, Hits]:
    """What rays see.

    Args:
        scene: the scene.
        rays_o: origins, float32 [R, 3].
        rays_d: unit directions, float32 [R, 3].
        bounces: how many times mirrors may reflect.

    Returns:
        Linear RGB, float32 [R, 3], zero where nothing is hit, and the hits.
    """
    hits = first_hits(scene.shapes, rays_o, rays_d)
    colors = np.zeros_like(rays_o)
    rows = np.flatnonzero(hits.solid >= 0)
    if len(rows):
        points = rays_o[rows] + hits.t[rows, None] * rays_d[rows]
        colors[rows] = _shade(scene, hits.solid[rows], points, rays_d[rows], bounces)
    return colors, hits


def surface_normals(scene: Scene, solids: NDArray[np.int8], points: Floats) -> Floats:
    """Unit normals at points on the numbered solids, float32 [P, 3]."""
    normals = np.empty_like(points)
    for i, solid in enumerate(scene.solids):
        rows = np.flatnonzero(solids == i)
        normals[rows] = solid.shape.normal(points[rows])
    return normals


def _shade(
    scene: Scene, solids: NDArray[np.int8], points: Floats, rays_d: Floats, bounces: int
) -> Floats:
    """Linear RGB of points on the numbered solids seen along ``rays_d``, [P, 3]."""
    light = scene.light
    normals = surface_normals(scene, solids, points)
    lifted = points + _LIFT * normals
    to_lamp = _unit(np.asarray(light.position, np.float32) - points)
    facing = np.maximum(_dot(normals, to_lamp), 0)
    lit = _lamp_seen(scene, lifted, facing > 0)
    up = 0.5 + 0.5 * normals[:, 2:]
    ambient = up * np.asarray(light.sky, np.float32)
    ambient = ambient + (1 - up) * np.asarray(light.bounce, np.float32)
    ambient *= _openness(scene, points, normals)[:, None]
    lamp = np.asarray(light.color, np.float32)
    result = _albedo(scene, solids, points) * (ambient + (facing * lit)[:, None] * lamp)
    gloss = np.array([solid.gloss for solid in scene.solids], np.float32)[solids]
    shininess = np.array([solid.shininess for solid in scene.solids], np.float32)[solids]
    aligned = np.maximum(_dot(normals, _unit(to_lamp - rays_d)), 0)
    result += (gloss * lit * (facing > 0) * aligned**shininess)[:, None] * lamp
    mirrors = np.array([solid.mirror for solid in scene.solids], np.float32)[solids]
    rows = np.flatnonzero(mirrors.max(axis=1) > 0) if bounces else []
    if len(rows):
        result[rows] = _reflected(
            scene, result[rows], mirrors[rows], lifted[rows], normals[rows], rays_d[rows], bounces
        )
    return result


def _albedo(scene: Scene, solids: NDArray[np.int8], points: Floats) -> Floats:
    colors = np.empty_like(points)
    for i, solid in enumerate(scene.solids):
        rows = np.flatnonzero(solids == i)
        colors[rows] = solid.texture(solid.shape.local(points[rows]))
    return colors


def _reflected(
    scene: Scene,
    colors: Floats,
    mirrors: Floats,
    points: Floats,
    normals: Floats,
    rays_d: Floats,
    bounces: int,
) -> Floats:
    """Own colours of mirroring points mixed with what they reflect, [P, 3]."""
    cosine = np.clip(-_dot(normals, rays_d), 0, 1)[:, None]
    share = mirrors + (1 - mirrors) * (1 - cosine) ** 5
    mirrored = rays_d + 2 * cosine * normals
    seen, hits = trace(scene, points, mirrored, bounces - 1)
    seen = np.where((hits.solid < 0)[:, None], _backdrop(scene, mirrored), seen)
    return (1 - share) * colors + share * seen


def _lamp_seen(scene: Scene, points: Floats, candidates: NDArray[np.bool_]) -> Floats:
    """The fraction of the lamp that each point sees, [P].

    A few outer points of the lamp are tried first; only where they disagree (the penumbra) the others are.
    """
    lamp = scene.light.points(_LAMP_POINTS)
    seen = np.zeros(len(points), np.float32)
    rows = np.flatnonzero(candidates)
    first = _count_reached(scene, points[rows], lamp[:_FIRST_POINTS])
    seen[rows] = first / np.float32(_FIRST_POINTS)
    mixed = (first > 0) & (first < _FIRST_POINTS)
    rest = _count_reached(scene, points[rows[mixed]], lamp[_FIRST_POINTS:])
    seen[rows[mixed]] = (first[mixed] + rest) / np.float32(_LAMP_POINTS)
    return seen


def _count_reached(scene: Scene, points: Floats, targets: Floats) -> NDArray[np.int64]:
    """How many of the targets each point sees, [P]."""
    directions = _unit((targets[None] - points[:, None]).reshape(-1, 3))
    blocked = any_hit(scene.shapes, np.repeat(points, len(targets), axis=0), directions)
    return (~blocked).reshape(len(points), len(targets)).sum(axis=1)


def _openness(scene: Scene, points: Floats, normals: Floats) -> Floats:
    """Ambient occlusion from distances sampled along the normal (Evans 2006): 1 is open, [P]."""
    blocked = np.zeros(len(points), np.float32)
    for k, height in enumerate(_OCCLUSION_STEPS):
        probe = points + np.float32(height) * normals
        nearest = np.minimum.reduce([shape.distance(probe) for shape in scene.shapes])
        blocked += np.float32(0.55**k) * np.clip(1 - nearest / np.float32(height), 0, 1)
    return 1 - np.clip(0.55 * blocked, 0, 0.9)


def _backdrop(scene: Scene, directions: Floats) -> Floats:
    """What mirrors see where there is nothing: a pale studio, brighter above, with the lamp's glow."""
    up = np.clip(0.5 + 0.5 * directions[:, 2:], 0, 1)
    low, high = np.asarray((0.18, 0.16, 0.15), np.float32), np.asarray((0.95, 1.0, 1.1), np.float32)
    axis = np.asarray(scene.light.position, np.float32)
    glow = np.maximum(directions @ (axis / np.linalg.norm(axis)), 0) ** 24
    return low + (high - low) * up**1.5 + np.float32(1.2) * glow[:, None]


def _dot(a: Floats, b: Floats) -> Floats:
    return np.einsum("ij,ij->i", a, b)


def _unit(vectors: Floats) -> Floats:
    return vectors / np.maximum(np.sqrt(_dot(vectors, vectors)), 1e-9)[:, None]
