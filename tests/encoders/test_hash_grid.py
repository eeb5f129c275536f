"""The hash grid encoder: shapes, its box, and features that are known already."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.base import Encoder
from jnerf.encoders.hash_grid import HashGridEncoder
from jnerf.errors import ConfigError

SMALL = {"n_levels": 4, "log2_table_size": 9, "min_resolution": 4, "max_resolution": 32}


def positions(n: int) -> jt.Var:
    return jt.array(np.random.default_rng(0).random((n, 3)).astype(np.float32)).stop_grad()


def test_features_are_grouped_by_level():
    encoder = HashGridEncoder(**SMALL, n_features=4)
    assert list(encoder(positions(7)).shape) == [4, 7, 4] and encoder.out_dim == 16


def test_the_finest_level_grows_with_the_box():
    box = np.float32([-1.5, -1.5, -1.5, 2.5, 2.5, 2.5])
    assert HashGridEncoder(**SMALL, aabb=box).layout.max_resolution == 128


def test_known_features_train_the_table_as_a_lookup_does():
    encoder, x = HashGridEncoder(**SMALL, init_scale=1.0), positions(100)
    with jt.no_grad():
        features = encoder(x)
    grads = [
        jt.grad((out * out).sum(), [encoder.table])[0].numpy()
        for out in (encoder(x), encoder.known(x, features))
    ]
    assert np.abs(grads[0]).max() > 0
    np.testing.assert_array_equal(grads[1], grads[0])


def test_other_encoders_know_nothing():
    assert Encoder.known is None


def test_impossible_grids_are_named():
    with pytest.raises(ConfigError, match="HashGridEncoder: n_features is 3"):
        HashGridEncoder(**SMALL, n_features=3)


def test_the_gradient_by_position_is_that_of_a_scalar_of_the_features():
    encoder = HashGridEncoder(**SMALL, init_scale=1.0, interpolation="smoothstep")
    x = jt.array(positions(60).numpy())
    features = encoder(x)
    expected = jt.grad((features * features).sum() * 0.5, x).numpy()
    found = encoder.gradient(x, features)  # the gradient of half their squares
    assert found.shape == [60, 3]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-3)
    assert np.abs(jt.grad((found * found).sum(), encoder.table).numpy()).max() > 0


def test_other_encoders_have_no_such_gradient():
    assert Encoder.gradient is None
