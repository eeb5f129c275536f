"""Solids of small meshes, and distances to them, for tests of ``jnerf.datasets.mesh``."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from jnerf.datasets.mesh.solid import Solid, make_solid
from jnerf.datasets.mesh.triangles import Triangles
from jnerf.datasets.mesh.truth import Truth
from jnerf.datasets.placement.similarity import Similarity

UNIT_BOX = np.float32([0, 0, 0, 1, 1, 1])
POINTS = np.random.default_rng(0).uniform(-0.9, 0.9, (500, 3)).astype(np.float32)


def solid_of(vertices: ArrayLike, faces: ArrayLike, warns: str | None = None) -> Solid:
    """The solid of a mesh called "it", which warns so, or not at all."""
    mesh = Triangles(np.asarray(vertices, np.float64), np.asarray(faces))
    if warns is None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return make_solid(mesh, "it")
    with pytest.warns(UserWarning, match=warns):
        return make_solid(mesh, "it")


def distances(solid: Solid, points: NDArray[np.float32] = POINTS) -> NDArray[np.float32]:
    """Signed distances of points [P, 3]."""
    return Truth(solid, Similarity(), UNIT_BOX).distances(points)
