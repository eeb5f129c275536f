"""Occupied cells as numbers and as boxes."""

from types import SimpleNamespace

import numpy as np
import pytest
from mesh_fields import TURNED, SdfBall, pipeline

from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import ConfigError
from jnerf.export.occupancy import Cells, boxes, occupied_cells, write_cells

# Two cells side by side and one on its own; a large one.
CELLS = [
    Cells(np.float32([[0.125, 0.125, 0.125], [0.375, 0.125, 0.125], [0.875, 0.875, 0.875]]), 0.25),
    Cells(np.float32([[1.25, 0.25, 0.25]]), 0.5),
]


def test_boxes_are_closed_and_have_no_faces_inside():
    mesh = boxes(CELLS, Similarity())
    assert len(mesh.faces) == 2 * (10 + 6 + 6)
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    assert mesh.volume == pytest.approx(3 * 0.25**3 + 0.5**3)  # turned outwards
    np.testing.assert_allclose(mesh.bounds, [[0, 0, 0], [1.5, 1, 1]], atol=1e-6)


def test_world_units(tmp_path):
    mesh = boxes(CELLS, TURNED)
    assert mesh.volume == pytest.approx((3 * 0.25**3 + 0.5**3) / 0.2**3)
    write_cells(tmp_path / "a.npz", CELLS, TURNED, below=5.0)
    found = np.load(tmp_path / "a.npz", allow_pickle=False)
    assert found["levels"].tolist() == [0, 0, 0, 1]
    np.testing.assert_allclose(found["edges"], [1.25, 1.25, 1.25, 2.5])
    np.testing.assert_allclose(TURNED.points(found["middles"])[3], [1.25, 0.25, 0.25], atol=1e-6)
    assert found["threshold"] == pytest.approx(1.0)
    # The cells' axes in the world: a corner of the last one is a corner of its box.
    corner = found["middles"][3] + found["rotation"] @ np.full(3, 1.25)
    assert np.abs(mesh.vertices - corner).max(axis=1).min() < 1e-5


def test_samplers_without_a_grid_and_grids_without_a_cell():
    with pytest.raises(ConfigError, match="UniformSampler keeps no occupancy grid"):
        occupied_cells(pipeline(SdfBall()))
    empty = SimpleNamespace(occupied_cells=lambda: [(np.empty((0, 3), np.float32), 0.25)])
    cells = occupied_cells(SimpleNamespace(sampler=empty))
    with pytest.raises(ConfigError, match="no cell is occupied"):
        boxes(cells, Similarity())
