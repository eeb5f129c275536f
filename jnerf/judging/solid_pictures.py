"""Pictures of a mesh and of the field that keeps it, from the same place and in the same light."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jnerf.imaging.pictures import (
    depth_picture,
    depth_range,
    error_picture,
    normal_picture,
    to_uint8,
    write_png,
)
from jnerf.imaging.tracing import Tracer
from jnerf.imaging.view_files import ViewFiles

if TYPE_CHECKING:
    from jnerf.datasets.mesh.truth import Truth

Floats = NDArray[np.float32]
Distance = Callable[[Floats], Floats]
_LIGHT, _AMBIENT = 0.85, 0.15
_STEP = 5e-4  # half of what differences are taken over for normals, field units


class View(NamedTuple):
    """A view: origins and unit directions of its pixels' rays, row after row, float32 [H W, 3] each, field units."""

    rays_o: Floats
    rays_d: Floats
    width: int
    height: int


def write_pictures(truth: Truth, found: Distance, view: View, files: ViewFiles) -> None:
    """Writes the strip of field, mesh and error, and depth and normals of the field.

    Args:
        truth: the mesh.
        found: the field: points [P, 3] -> signed distances [P].
        view: from where.
        files: of the mesh.
    """
    field, mesh = (_seen(distance, view) for distance in (found, truth.distances))
    shown, true = (to_uint8(_shaded(part, view)) for part in (field, mesh))
    write_png(files.strip, np.concatenate([shown, true, error_picture(shown, true)], axis=1))
    normals, depths = field
    met = (depths > 0).astype(np.float32)
    write_png(files.normal, normal_picture(normals))
    write_png(files.depth, depth_picture(depths, met, *depth_range(depths, met)))


def _seen(distance: Distance, view: View) -> tuple[Floats, Floats]:
    """Normals [H, W, 3] and depths [H, W] of what a view shows, 0 where that is nothing."""
    corner = np.ones(3, np.float32)
    hits, away = Tracer(0 * corner, corner)(distance, view.rays_o, view.rays_d)
    normals, depths = np.zeros_like(view.rays_o), np.zeros(len(view.rays_o), np.float32)
    if len(hits):
        places = view.rays_o[hits] + away[:, None] * view.rays_d[hits]
        steps = _STEP * np.eye(3, dtype=np.float32)
        slopes = [distance(places + step) - distance(places - step) for step in steps]
        slopes = np.stack(slopes, axis=1)
        normals[hits] = slopes / np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-12)
        depths[hits] = away
    return normals.reshape(view.height, view.width, 3), depths.reshape(view.height, view.width)


def _shaded(seen: tuple[Floats, Floats], view: View) -> Floats:
    """Grey surfaces lit from the eye, [H, W, 3]."""
    normals, depths = seen
    facing = -(normals * view.rays_d.reshape(normals.shape)).sum(axis=2)
    grey = _LIGHT * (_AMBIENT + (1 - _AMBIENT) * np.maximum(facing, 0)) * (depths > 0)
    return np.repeat(grey[..., None], 3, axis=2)
