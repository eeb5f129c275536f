"""Coarse to fine: near the surface all points have the values that they would have had anyway."""

import numpy as np
import pytest
from mesh_fields import UNIT_BOX, DensityBall, SdfBall

from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import ConfigError, JnerfError
from jnerf.mesh.field import SurfaceField
from jnerf.mesh.lattice import make_lattice
from jnerf.mesh.volume import evaluate


def everywhere(lattice):
    return np.ones(lattice.blocks, bool), np.zeros(lattice.blocks, np.float32)


def at_crossings(volume):
    """Whether each point has a neighbour of the other sign, or several away along the axes."""
    near = np.zeros(volume.shape, bool)
    inside = volume > 0
    for axis in range(3):
        changes = np.diff(inside.astype(np.int8), axis=axis) != 0
        ends = [slice(None)] * 3
        for end in (slice(1, None), slice(None, -1)):
            ends[axis] = end
            near[tuple(ends)] |= changes
    return near


@pytest.mark.parametrize("resolution", [30, 64, 97])
def test_blocks_far_from_a_distance_are_left_out_and_change_nothing(resolution):
    lattice = make_lattice(UNIT_BOX, resolution, Similarity())
    network = SdfBall()
    field = SurfaceField(network)
    whole = evaluate(field, lattice, *everywhere(lattice), progress=False)
    assert whole.shape == lattice.counts
    everything, network.asked = network.asked, 0
    found = evaluate(field, lattice, *field.candidates(lattice, 1000), chunk=5000, progress=False)
    np.testing.assert_array_equal(found > 0, whole > 0)
    near = at_crossings(whole)
    np.testing.assert_array_equal(found[near], whole[near])
    if resolution == 97:
        assert network.asked < 0.4 * everything


def test_the_values_are_those_of_the_points():
    lattice = make_lattice([0, 0, 0, 1, 0.5, 0.25], 33, Similarity())
    found = evaluate(SurfaceField(SdfBall()), lattice, *everywhere(lattice), progress=False)
    index = np.stack(np.meshgrid(*map(np.arange, lattice.counts), indexing="ij"), -1)
    at = lattice.in_frame(index)
    expected = 0.3 - np.linalg.norm(at - 0.5, axis=-1)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_surface_is_followed_where_the_distance_misleads():
    """A distance whose slope is 40 on one side of the ball: from afar, blocks there seem to be far from it."""
    lattice = make_lattice(UNIT_BOX, 64, Similarity())

    def steep(points):
        distance = 0.3 - np.linalg.norm(points - 0.5, axis=1)
        return (distance * np.where(points[:, 0] > 0.5, 40, 1)).astype(np.float32)

    middles = lattice.block_middles(np.argwhere(np.ones(lattice.blocks, bool)))
    fill = steep(middles).reshape(lattice.blocks)
    wanted = np.abs(fill) < lattice.block_reach()
    missed = (fill > 0) != (np.roll(fill, 1, axis=0) > 0)
    assert (missed & ~wanted).any()  # without following it there would be a hole
    found = evaluate(steep, lattice, wanted, fill, progress=False)
    whole = evaluate(steep, lattice, *everywhere(lattice), progress=False)
    np.testing.assert_array_equal(found > 0, whole > 0)
    near = at_crossings(whole)
    np.testing.assert_array_equal(found[near], whole[near])


def test_values_on_the_level_do_not_stay_there():
    lattice = make_lattice(UNIT_BOX, 9, Similarity())
    volume = evaluate(
        lambda x: (0.5 - x[:, 0]).astype(np.float32), lattice, *everywhere(lattice), progress=False
    )
    assert (volume != 0).all() and (volume[4] > 0).all() and (volume[5] < 0).all()


def test_densities_count_in_logarithms_within_bounds():
    field = SurfaceField(DensityBall(), 50.0)
    values = field(np.float32([[0.5, 0.5, 0.5], [0.8, 0.5, 0.5], [0, 0, 0]]))
    np.testing.assert_allclose(values, [4, np.log(2), -4], rtol=1e-4)
    assert field.range[0] < 1e-6 and field.range[1] > 1e6


@pytest.mark.parametrize("network, level", [(SdfBall(), 0.0), (DensityBall(), 25.0)])
def test_levels_have_a_default(network, level):
    assert SurfaceField(network).level == level


def test_a_level_of_density_must_be_positive():
    with pytest.raises(ConfigError, match="level is 0; a density's must be above 0"):
        SurfaceField(DensityBall(), 0.0)


def test_a_field_of_nan_is_reported():
    with pytest.raises(JnerfError, match=r"sdf is not finite at 1 of 2 points.*\[nan, 0.0, 0.0\]"):
        SurfaceField(SdfBall())(np.float32([[0, 0, 0], [np.nan, 0, 0]]))
