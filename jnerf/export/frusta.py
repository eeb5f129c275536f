"""Cameras as little pyramids, to look at beside a mesh."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.placement.similarity import Similarity
from jnerf.mesh.libraries import library

_COLORS = {"train": (70, 130, 230), "test": (240, 140, 40)}
# Apex 0, corners of the image 1 to 4 (top left, top right, bottom right, bottom left), and 5 above its upper side.
_FACES = np.array([[0, 2, 1], [0, 3, 2], [0, 4, 3], [0, 1, 4], [1, 2, 3], [1, 3, 4], [1, 5, 2]])


def frusta(splits: dict[str, Cameras], field_to_world: Similarity, size: float) -> Any:
    """A ``trimesh.Trimesh`` in world units: a pyramid for each camera, with a mark above the image's upper side.

    Args:
        splits: cameras in field units, by the name of their split, which chooses their colour.
        field_to_world: undoes the similarity.
        size: distance from the apex to the image's corners, world units.
    """
    vertices, faces, colors = [], [], []
    for split, cameras in splits.items():
        apexes = field_to_world.points(cameras.c2w[:, :, 3])
        for i, apex in enumerate(apexes):
            rays = field_to_world.directions(_corner_rays(cameras, i))
            corners = apex + size * rays
            up = field_to_world.directions(cameras.c2w[i, :, 1])
            mark = corners[:2].mean(axis=0) + 0.3 * np.linalg.norm(corners[1] - corners[0]) * up
            faces.append(_FACES + 6 * len(vertices))
            vertices.append(np.vstack([apex, corners, mark]))
            colors.append(np.tile(np.uint8([*_COLORS.get(split, (150,) * 3), 255]), (6, 1)))
    found = library("trimesh").Trimesh(
        np.concatenate(vertices), np.concatenate(faces), process=False
    )
    found.visual.vertex_colors = np.concatenate(colors)
    return found


def _corner_rays(cameras: Cameras, i: int) -> NDArray[np.float32]:
    """Directions through the corner pixels, clockwise from the upper left one, field axes, [4, 3]."""
    width, height = cameras.sizes[i].tolist()
    x, y = [0, width - 1, width - 1, 0], [0, 0, height - 1, height - 1]
    return cameras.generate_rays(np.full(4, i), np.array(x), np.array(y))[1]
