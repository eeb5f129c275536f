"""Lattices: where their points lie in the field and in the world."""

import numpy as np
import pytest
from mesh_fields import TURNED, UNIT_BOX

from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import ConfigError
from jnerf.mesh.lattice import BLOCK, make_lattice


def corners(lattice):
    return np.array([[0, 0, 0], np.array(lattice.counts) - 1])


def test_the_outermost_points_are_on_the_faces_of_the_box():
    lattice = make_lattice([-1, 0, 0, 1, 1, 0.3], 21, TURNED)
    assert lattice.counts == (21, 11, 4)
    np.testing.assert_allclose(
        lattice.in_field(corners(lattice)), [[-1, 0, 0], [1, 1, 0.3]], atol=1e-7
    )
    np.testing.assert_allclose(
        TURNED.points(lattice.in_world(corners(lattice))), [[-1, 0, 0], [1, 1, 0.3]], atol=1e-7
    )
    assert lattice.voxel == pytest.approx(0.1)


def test_a_bound_is_a_box_of_the_world():
    lattice = make_lattice(UNIT_BOX, 11, TURNED, [-1, -1, -1, 1, 1, 1])
    np.testing.assert_allclose(lattice.in_world(corners(lattice)), [[-1] * 3, [1] * 3], atol=1e-7)
    np.testing.assert_allclose(
        lattice.in_field([[5, 5, 5], [10, 5, 5]]), TURNED.points([[0, 0, 0], [1, 0, 0]]), atol=1e-6
    )
    assert lattice.voxel == pytest.approx(0.2 * 0.2)


def test_blocks_cover_all_points_and_know_how_far_they_reach():
    lattice = make_lattice(UNIT_BOX, 20, Similarity())
    assert lattice.blocks == (3, 3, 3)
    middle = lattice.block_middles(np.array([[1, 1, 1]]))[0]
    cells = np.array([[BLOCK - 1] * 3, [2 * BLOCK] * 3])  # one cell more on each side
    reach = np.linalg.norm(lattice.in_field(cells) - middle, axis=1)
    np.testing.assert_allclose(reach, lattice.block_reach(), rtol=1e-5)


@pytest.mark.parametrize(
    "resolution, bound, message",
    [
        (1, None, "resolution is 1; a surface needs at least 2"),
        (9, [0, 0, 0, 1, 0, 1], "min x y z, then max x y z"),
        (9, [0, 0, 0, 1, 1, float("nan")], "min x y z, then max x y z"),
        (9, [0, 0, 0, 1], "min x y z, then max x y z"),
    ],
)
def test_impossible_lattices(resolution, bound, message):
    with pytest.raises(ConfigError, match=message):
        make_lattice(UNIT_BOX, resolution, Similarity(), bound)
