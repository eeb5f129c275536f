"""The hash grid encoder: shapes, its box, and features that are known already."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.base import Encoder, as_rows
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


GROWING = dict(schedule="linear", value=1, end=4, steps=(0, 30))


def test_levels_come_one_by_one(device):
    whole, grid = (
        HashGridEncoder(**SMALL, init_scale=1.0, active_levels=a) for a in (None, GROWING)
    )
    x = positions(300)
    for step, levels in ((0, 1), (4, 1), (6, 2), (10, 2), (20, 3), (29, 4), (100, 4)):
        grid.update(step)
        assert grid.active_levels == levels
        assert grid.finest_cell == pytest.approx(1 / grid.layout.scales[levels - 1])
        features = grid(x)
        expected = whole(x).numpy()
        expected[levels:] = 0
        np.testing.assert_array_equal(features.numpy(), expected)
        known = grid.known(x, features.detach())
        np.testing.assert_array_equal(known.numpy(), expected)
        rows = int(grid.layout.offsets[levels])
        expected = jt.grad((whole(x)[:levels] ** 2).sum(), whole.table).numpy()
        for out in (features, known):
            grad = jt.grad((out * out).sum(), grid.table).numpy()
            assert grad.shape == expected.shape and (grad[rows:] == 0).all()
            np.testing.assert_allclose(grad, expected, atol=1e-6)


def test_all_levels_are_active_unless_said_otherwise():
    assert HashGridEncoder(**SMALL).active_levels == 4
    assert HashGridEncoder(**SMALL, active_levels=2).active_levels == 2
    with pytest.raises(
        ConfigError, match="active_levels begins with 5; it must be in 1 .. n_levels"
    ):
        HashGridEncoder(**SMALL, active_levels=5)


def test_impossible_grids_are_named():
    with pytest.raises(ConfigError, match="HashGridEncoder: n_features is 3"):
        HashGridEncoder(**SMALL, n_features=3)


@pytest.mark.parametrize("active_levels", [None, 2])
def test_pulling_back_is_the_gradient_of_a_scalar_of_the_features(active_levels):
    encoder = HashGridEncoder(
        **SMALL, init_scale=1.0, interpolation="smoothstep", active_levels=active_levels
    )
    x = jt.array(positions(60).numpy())
    features = encoder(x)
    expected = jt.grad((features * features).sum() * 0.5, x).numpy()
    found = encoder.pull(x, features, features)  # the gradient of half their squares
    assert found.shape == [60, 3]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(encoder.pull(x, features, as_rows(features)).numpy(), found.numpy())
    assert np.abs(jt.grad((found * found).sum(), encoder.table).numpy()).max() > 0


def test_not_every_encoder_can_be_pulled_back():
    assert Encoder.pull is None


def test_sums_in_fp16_are_for_pairs_of_features():
    assert HashGridEncoder(**SMALL).grad_precision == "fp32"
    with pytest.raises(ConfigError, match="n_features is 1: choose 2, 4 or 8"):
        HashGridEncoder(**SMALL, n_features=1, grad_precision="fp16")
    with pytest.raises(ConfigError, match="grad_precision is 'half'; choose 'fp32' or 'fp16'"):
        HashGridEncoder(**SMALL, grad_precision="half")


@pytest.mark.parametrize("known", [False, True])
def test_sums_in_fp16_are_close_to_those_in_fp32(known, device):
    """On CUDA within eleven bits of the largest sums; a CPU has none of them and gives the same bits."""
    grads = []
    for grad_precision in ("fp32", "fp16"):
        encoder = HashGridEncoder(**SMALL, init_scale=1.0, grad_precision=grad_precision)
        x = positions(1000)
        with jt.no_grad():
            features = encoder(x)
        out = encoder.known(x, features) if known else encoder(x)
        grads.append(jt.grad((out * out).sum(), [encoder.table])[0].numpy())
    if device == "cpu":
        np.testing.assert_array_equal(*grads)
    np.testing.assert_allclose(*grads, rtol=1e-2, atol=1e-2 * np.abs(grads[0]).max())
