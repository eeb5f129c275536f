"""Coarse to fine: near the surface all points have the values that they would have had anyway."""

import numpy as np
import pytest
from mesh_fields import UNIT_BOX, DensityBall, SdfBall

from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import ConfigError, JnerfError
from jnerf.mesh.field import SurfaceField
from jnerf.mesh.lattice import make_lattice
from jnerf.mesh.volume import RANGE, layers, survey


def everywhere(lattice):
    return np.ones(lattice.blocks, bool), np.zeros(lattice.blocks, bool)


def evaluate(field, lattice, wanted, inside, unit=1.0, chunk=2**18, most_kept=2**16):
    """The layers as one volume."""
    known = survey(field, lattice, wanted, inside, chunk, False, most_kept)
    found = list(layers(field, lattice, known, unit, chunk, progress=False))
    assert all(len(layer) == 8 for layer in found[:-1])
    return np.concatenate(found)


def values_at_all_points(field, lattice):
    index = np.stack(np.meshgrid(*map(np.arange, lattice.counts), indexing="ij"), -1)
    return field(lattice.in_field(index.reshape(-1, 3))).reshape(lattice.counts)


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
    whole = values_at_all_points(field, lattice)
    everything, network.asked = network.asked, 0
    found = evaluate(field, lattice, *field.candidates(lattice, 1000), chunk=5000)
    assert found.shape == lattice.counts
    np.testing.assert_array_equal(found > 0, whole > 0)
    near = at_crossings(whole)
    np.testing.assert_allclose(found[near], whole[near], atol=5e-4)
    assert np.abs(found).max() <= RANGE
    if resolution == 97:
        assert network.asked < 0.4 * everything


def test_the_values_are_those_of_the_points():
    lattice = make_lattice([0, 0, 0, 1, 0.5, 0.25], 33, Similarity())
    found = evaluate(SurfaceField(SdfBall()), lattice, *everywhere(lattice), unit=0.01)
    index = np.stack(np.meshgrid(*map(np.arange, lattice.counts), indexing="ij"), -1)
    at = lattice.in_frame(index)
    expected = (0.3 - np.linalg.norm(at - 0.5, axis=-1)) / 0.01
    near = at_crossings(expected)
    np.testing.assert_allclose(found[near], np.clip(expected, -4, 4)[near], atol=5e-4)


@pytest.mark.parametrize("most_kept", [0, 5, 2**16])
def test_blocks_whose_values_were_not_kept_are_asked_again(most_kept):
    lattice, network = make_lattice(UNIT_BOX, 61, Similarity()), SdfBall()
    field = SurfaceField(network)
    expected = evaluate(field, lattice, *field.candidates(lattice, 1000))
    once, network.asked = network.asked, 0
    found = evaluate(field, lattice, *field.candidates(lattice, 1000), most_kept=most_kept)
    np.testing.assert_array_equal(found, expected)
    assert (network.asked == once) == (most_kept > 100)


def test_a_surface_is_followed_where_the_distance_misleads():
    """A distance whose slope is 40 on one side of the ball: from afar, blocks there seem to be far from it."""
    lattice = make_lattice(UNIT_BOX, 64, Similarity())

    def steep(points):
        distance = 0.3 - np.linalg.norm(points - 0.5, axis=1)
        return (distance * np.where(points[:, 0] > 0.5, 40, 1)).astype(np.float32)

    middles = lattice.block_middles(np.argwhere(np.ones(lattice.blocks, bool)))
    values = steep(middles).reshape(lattice.blocks)
    wanted, fill = np.abs(values) < lattice.block_reach(), values > 0
    assert (fill != np.roll(fill, 1, axis=0))[~wanted].any()  # there would be a hole
    found = evaluate(steep, lattice, wanted, fill)
    whole = values_at_all_points(steep, lattice)
    np.testing.assert_array_equal(found > 0, whole > 0)
    near = at_crossings(whole)
    np.testing.assert_allclose(found[near], whole[near], atol=5e-4)


def test_a_surface_is_followed_from_one_block_into_the_next():
    """Only the block in one corner is wanted: the rest of the plane is found from it."""
    lattice = make_lattice(UNIT_BOX, 41, Similarity())

    def plane(points):
        return (0.3012 - points[:, 0] - 0.5 * points[:, 1]).astype(np.float32)

    wanted = np.zeros(lattice.blocks, bool)
    wanted[1, 0, 0] = True
    found = evaluate(plane, lattice, wanted, np.zeros(lattice.blocks, bool), unit=0.025)
    whole = values_at_all_points(plane, lattice)
    near = at_crossings(whole)
    np.testing.assert_array_equal((found > 0)[near], (whole > 0)[near])


def test_values_on_the_level_do_not_stay_there():
    lattice = make_lattice(UNIT_BOX, 9, Similarity())
    volume = evaluate(lambda x: (0.5 - x[:, 0]).astype(np.float32), lattice, *everywhere(lattice))
    assert (np.abs(volume) > 3e-4).all() and (volume[3] > 0).all() and (volume[4] < 0).all()


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
