"""Grids of occupied cells: asked for points, put together, and their surface."""

import numpy as np
import pytest

from jnerf.samplers.base import Sampler
from jnerf.viewer.occupied import CellGrid, occupied_grids
from jnerf.viewer.panels.objects import few

L_SHAPE = np.array([[[1], [1]], [[1], [0]]], bool)  # three cells of a plate of four


@pytest.fixture
def grid():
    return CellGrid(np.array([1.0, 2.0, 3.0]), 0.5, L_SHAPE)


def test_points_are_in_occupied_cells(grid):
    points = grid.low + 0.5 * np.array(
        [[0.5, 0.5, 0.5], [1.5, 1.5, 0.5], [0.5, 1.5, 0.9], [-0.1, 0, 0]]
    )
    assert grid.holds(points).tolist() == [True, False, True, False]


def test_the_surface_is_closed_and_faces_outward(grid):
    vertices, faces = grid.surface()
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    assert np.linalg.norm(normals, axis=1).sum() / 2 == pytest.approx(
        14 * 0.25
    )  # 14 sides of cells
    volume = (a * normals).sum() / 6  # of what lies inside, by the theorem of Gauss
    assert volume == pytest.approx(3 * 0.5**3)


def test_cells_are_put_together(grid):
    assert grid.coarser().occupied.tolist() == [[[True]]] and grid.coarser().edge == 1.0
    random = CellGrid(np.zeros(3), 1.0, np.random.default_rng(1).random((64, 64, 32)) < 0.2)
    assert sum(int(found.occupied.sum()) for found in few([random, grid])) <= 4096


def test_grids_of_a_sampler():
    class Knows(Sampler):
        def __call__(self, rays, field, step):
            raise NotImplementedError

    assert occupied_grids(Knows()) == []
    Knows.occupied_cells = lambda self: iter(
        [
            (np.float32([[0.125, 0.125, 0.125], [0.375, 0.125, 0.125]]), 0.25),
            (np.empty((0, 3)), 0.5),
        ]
    )
    (found,) = occupied_grids(Knows())
    assert found.holds(np.array([[0.3, 0.1, 0.1], [0.6, 0.1, 0.1]])).tolist() == [True, False]
