"""SphericalHarmonicsEncoder: width, values, messages."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.spherical_harmonics import SphericalHarmonicsEncoder
from jnerf.errors import ConfigError
from jnerf.ops.sh_encode.reference import sh_encode
from jnerf.registry import ENCODERS


@pytest.mark.parametrize("degree", [1, 4, 8])
def test_values(device, degree):
    encoder = ENCODERS.build(
        {"type": "SphericalHarmonicsEncoder", "degree": degree}, path="encoder"
    )
    assert (encoder.n_dims, encoder.out_dim) == (3, degree**2)
    assert encoder.parameters() == []
    directions = np.array([[0.6, 0, 0.8], [0, -1, 0]], np.float32)
    got = encoder(jt.array(directions)).numpy()
    np.testing.assert_allclose(got, sh_encode(directions, degree), atol=1e-6)


@pytest.mark.parametrize("degree", [0, 9])
def test_wrong_degree(degree):
    with pytest.raises(ConfigError, match=f"degree is {degree}; choose 1 .. 8"):
        SphericalHarmonicsEncoder(degree)
