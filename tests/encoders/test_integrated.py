"""The integrated encoder: points, Gaussians, and wrong arguments."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.frequency import FrequencyEncoder
from jnerf.encoders.integrated import IntegratedEncoder
from jnerf.errors import ConfigError


def test_a_point_is_a_gaussian_without_width():
    x = jt.array(np.random.default_rng(0).random((40, 3)).astype(np.float32))
    plain = FrequencyEncoder(n_frequencies=6, include_input=False)
    found = IntegratedEncoder(n_frequencies=6)(x)
    assert found.shape == [40, plain.out_dim]
    np.testing.assert_allclose(found.numpy(), plain(x).numpy(), atol=1e-6)


def test_width_takes_the_fine_waves_away():
    encoder = IntegratedEncoder(n_frequencies=8)
    x = jt.array(np.full((1, 3), 0.37, np.float32))
    sizes = [
        np.abs(encoder.integrate(x, jt.array(np.full((1, 3), v, np.float32))).numpy()).sum()
        for v in (0.0, 1e-5, 1e-3, 1e-1)
    ]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] < 0.3 * sizes[0]


@pytest.mark.parametrize("name", ["n_frequencies", "n_dims"])
def test_wrong_arguments_are_named(name):
    with pytest.raises(ConfigError, match=f"{name} is 0"):
        IntegratedEncoder(**{name: 0})
