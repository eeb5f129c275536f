"""How dense Instant-NGP's field is to begin with."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.hash_grid import HashGridEncoder
from jnerf.errors import ConfigError
from jnerf.models.networks.ngp import NGPNetwork
from jnerf.structures import RayBundle, RaySamples

BOX = np.float32([-1.5, -1.5, -1.5, 2.5, 2.5, 2.5])


def network(**arguments) -> NGPNetwork:
    encoder = HashGridEncoder(n_levels=2, log2_table_size=12, max_resolution=32, aabb=BOX)
    return NGPNetwork(encoder, None, BOX, precision="fp32", **arguments)


def samples() -> RaySamples:
    bundle = RayBundle(jt.zeros((2, 3)), jt.array(np.float32([[1, 0, 0], [0, 0, 1]])))
    starts = jt.array(np.float32([0.1, 0.5, 0.2]))
    indices, packed = (jt.array(np.int32(v)) for v in ([0, 0, 1], [[0, 2], [2, 1]]))
    return RaySamples(bundle, starts, starts + 0.1, indices, packed)


def test_all_densities_are_scaled_colours_are_not():
    plain, thin = network(), network(initial_density=0.25)
    positions = jt.array(np.random.default_rng(0).uniform(-1, 2, (50, 3)).astype(np.float32))
    expected = plain.density(positions).numpy()
    np.testing.assert_allclose(expected, 1, rtol=1e-2)  # the method's own beginning
    np.testing.assert_allclose(thin.density(positions).numpy(), 0.25 * expected, rtol=1e-6)
    one, other = plain(samples()), thin(samples())
    np.testing.assert_allclose(other.sigmas.numpy(), 0.25 * one.sigmas.numpy(), rtol=1e-6)
    np.testing.assert_array_equal(other.rgbs.numpy(), one.rgbs.numpy())


def test_nothing_begins_below_nothing():
    with pytest.raises(ConfigError, match="initial_density is 0; it must be above 0"):
        network(initial_density=0)
