"""Which blocks meet occupied cells: never too few."""

import numpy as np
import pytest
from mesh_fields import TURNED, UNIT_BOX

from jnerf.datasets.placement.similarity import Similarity
from jnerf.mesh.lattice import BLOCK, make_lattice
from jnerf.mesh.occupied import occupied_blocks


def cells(edge, n, seed):
    """Some cubes of a grid over twice the unit box."""
    at = np.random.default_rng(seed).integers(-0.5 / edge, 1.5 / edge, (n, 3))
    return ((at + 0.5) * edge).astype(np.float32), edge


@pytest.mark.parametrize("transform, bound", [(Similarity(), None), (TURNED, [-2, -2, 0, 2, 3, 2])])
@pytest.mark.parametrize("resolution", [20, 60])
def test_every_point_in_an_occupied_cell_or_next_to_one_is_in_a_block(transform, bound, resolution):
    lattice = make_lattice(UNIT_BOX, resolution, transform, bound)
    levels = [cells(1 / 32, 40, 0), cells(1 / 4, 2, 1)]
    wanted = occupied_blocks(levels, lattice)
    assert resolution == 20 or wanted.mean() < 0.9
    index = np.stack(np.meshgrid(*map(np.arange, lattice.counts), indexing="ij"), -1).reshape(-1, 3)
    points = lattice.in_field(index)
    inside = np.zeros(len(points), bool)
    for middles, edge in levels:
        for middle in middles:
            inside |= (np.abs(points - middle) <= 0.5 * edge).all(axis=1)
    assert inside.any()
    for step in np.vstack([np.zeros(3, int), np.eye(3, dtype=int), -np.eye(3, dtype=int)]):
        near = np.clip(index[inside] + step, 0, np.array(lattice.counts) - 1) // BLOCK
        assert wanted[tuple(near.T)].all()


def test_nothing_is_occupied():
    lattice = make_lattice(UNIT_BOX, 20, Similarity())
    assert not occupied_blocks([], lattice).any()
    assert not occupied_blocks([(np.empty((0, 3), np.float32), 0.1)], lattice).any()
    far = np.float32([[7, 0.5, 0.5]]), 0.1
    assert not occupied_blocks([far], lattice).any()
