"""FrequencyEncoder: widths, equation 4 of NeRF, messages."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.frequency import FrequencyEncoder
from jnerf.errors import ConfigError
from jnerf.registry import ENCODERS


@pytest.mark.parametrize(
    "options, out_dim",
    [({}, 63), ({"include_input": False}, 60), ({"n_frequencies": 4, "n_dims": 2}, 18)],
)
def test_width(options, out_dim):
    encoder = ENCODERS.build({"type": "FrequencyEncoder", **options}, path="encoder")
    assert encoder.out_dim == out_dim
    assert encoder(jt.zeros((5, encoder.n_dims))).shape == [5, out_dim]
    assert encoder.parameters() == []


def test_equation_4(device):
    x = np.random.default_rng(0).random((9, 3)).astype(np.float32)
    got = FrequencyEncoder(n_frequencies=3)(jt.array(x)).numpy()
    u = 2 * x.astype(np.float64) - 1
    waves = [f(2**k * np.pi * u) for k in range(3) for f in (np.sin, np.cos)]
    np.testing.assert_allclose(got, np.hstack([u, *waves]), atol=3e-6)


def test_directions_are_taken_as_they_are():
    x = np.array([[-1.0, 0.25, 1.0]], np.float32)
    encoder = FrequencyEncoder(n_frequencies=1, input_range=(-1.0, 1.0))
    np.testing.assert_array_equal(encoder(jt.array(x)).numpy()[0, :3], x[0])


def test_linear_sampling():
    encoder = FrequencyEncoder(n_frequencies=3, log_sampling=False, n_dims=1, include_input=False)
    got = encoder(jt.array([[0.6]])).numpy()[0, ::2]  # u = 0.2, frequencies 1, 2.5, 4
    np.testing.assert_allclose(got, np.sin(np.pi * 0.2 * np.array([1, 2.5, 4])), atol=1e-6)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"n_frequencies": -1}, "n_frequencies is -1; choose 0 .. 30"),
        ({"n_frequencies": 0, "include_input": False}, "leaves no feature"),
        ({"n_dims": 0}, "n_dims is 0"),
        ({"input_range": (1.0, 0.0)}, "the first must be the smaller"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError, match=message):
        FrequencyEncoder(**options)


def test_wrong_number_of_coordinates():
    with pytest.raises(ValueError, match=r"x is \[5, 2\], n_dims is 3"):
        FrequencyEncoder()(jt.zeros((5, 2)))


@pytest.mark.parametrize("include_input", [True, False])
def test_pulling_back_is_the_gradient_and_can_be_differentiated_again(include_input, device):
    encoder = FrequencyEncoder(3, include_input, input_range=(-0.5, 2.0))
    random = np.random.default_rng(0)
    x = jt.array(random.random((20, 3)).astype(np.float32))
    grad = jt.array(random.normal(size=(20, encoder.out_dim)).astype(np.float32))
    features = encoder(x)
    expected = jt.grad((features * grad).sum(), x).numpy()
    pulled = encoder.pull(x, encoder(x).stop_grad(), grad)
    np.testing.assert_allclose(pulled.numpy(), expected, rtol=1e-4, atol=1e-4)
    # linear in the gradient: <v, pull(g)> has the derivative J v by g
    v = random.normal(size=(20, 3)).astype(np.float32)
    found = jt.grad((pulled * jt.array(v)).sum(), grad).numpy()
    h = 1e-3
    ends = [
        encoder(jt.array((x.numpy() + sign * h * v).astype(np.float32))).numpy() for sign in (1, -1)
    ]
    np.testing.assert_allclose(found, (ends[0] - ends[1]) / (2 * h), rtol=2e-2, atol=2e-2)
