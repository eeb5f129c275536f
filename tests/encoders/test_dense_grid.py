"""DenseGridEncoder: shape, initial features, learning, messages."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.dense_grid import DenseGridEncoder
from jnerf.errors import ConfigError
from jnerf.ops.grid_interp.reference import grid_interp
from jnerf.registry import ENCODERS


@pytest.mark.parametrize("n_dims", [2, 3])
@pytest.mark.parametrize("interpolation", ["linear", "smoothstep"])
def test_values(device, n_dims, interpolation):
    config = {
        "type": "DenseGridEncoder",
        "resolution": 5,
        "n_features": 4,
        "interpolation": interpolation,
    }
    encoder = ENCODERS.build(config, path="encoder", n_dims=n_dims)
    assert (encoder.n_dims, encoder.out_dim, encoder.finest_cell) == (n_dims, 4, 1 / 4)
    assert [tuple(var.shape) for var in encoder.parameters()] == [(5,) * n_dims + (4,)]
    x = np.random.default_rng(0).random((30, n_dims)).astype(np.float32)
    got = encoder(jt.array(x)).numpy()
    expected = grid_interp(x, encoder.grid.numpy(), interpolation == "smoothstep")
    np.testing.assert_allclose(got, expected, atol=1e-9)


def test_initial_features_follow_the_seed():
    first, again, other = (DenseGridEncoder(8, seed=seed).grid.numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.99
    assert abs(first.mean()) < 1e-5 and 0.9e-4 < abs(first).max() <= 1e-4


def test_gradient_descent_fits_a_function(device):
    encoder = DenseGridEncoder(resolution=9, n_features=1, n_dims=2)
    x = np.random.default_rng(0).random((500, 2)).astype(np.float32)
    target = jt.array((x[:, :1] * 2 - x[:, 1:]).astype(np.float32))
    losses = []
    for _ in range(60):
        loss = ((encoder(jt.array(x)) - target) ** 2).mean()
        grad = jt.grad(loss, [encoder.grid])[0]
        losses.append(loss.item())
        encoder.grid.update(encoder.grid - 30 * grad)
    assert losses[-1] < 0.02 * losses[0]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"resolution": 1}, "at least 2 vertices per axis"),
        ({"n_features": 0}, "n_features is 0"),
        ({"n_dims": 4}, "n_dims is 4; choose 2 or 3"),
        ({"interpolation": "cubic"}, "choose 'linear' or 'smoothstep'"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError, match=message):
        DenseGridEncoder(**options)
