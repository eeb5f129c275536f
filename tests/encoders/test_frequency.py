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
