"""MultisampleHashEncoder: its features of points and of points with a width, sizes of levels, wrong arguments."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.multisample import MultisampleHashEncoder
from jnerf.errors import ConfigError

SMALL = {"n_levels": 3, "n_features": 2, "log2_table_size": 12, "max_resolution": 64}


def test_sizes_are_those_of_the_published_grids():
    shapes = [
        MultisampleHashEncoder(n, f, 14, max_resolution=finest).out_dim
        for n, f, finest in ((6, 1, 512), (8, 1, 2048), (10, 4, 8192))
    ]
    assert shapes == [12, 16, 50]


def test_a_point_is_a_sample_without_width():
    encoder = MultisampleHashEncoder(**SMALL, init_scale=0.1)
    x = jt.array(np.random.default_rng(0).random((20, 3), dtype=np.float32))
    found = encoder(x).numpy()
    assert found.shape == (3, 20, 3) and encoder.out_dim == 9
    several = encoder.multisample(jt.stack([x] * 4), jt.zeros((4, 20))).numpy()
    np.testing.assert_allclose(several, found, rtol=1e-5, atol=1e-6)
    tables = np.split(encoder.table.numpy(), encoder.layout.offsets[1:-1])
    sizes = [10 * np.sqrt((table**2).mean() + 0.01) for table in tables]
    np.testing.assert_allclose(found[:, :, 2], np.repeat(np.c_[sizes], 20, 1), rtol=1e-4)


def test_sizes_of_levels_are_constants():
    encoder = MultisampleHashEncoder(**SMALL)
    x = jt.array(np.random.default_rng(0).random((20, 3), dtype=np.float32))
    grad = jt.grad(encoder(x)[:, :, 2].sum(), encoder.table).numpy()
    assert not grad.any()
    bare = MultisampleHashEncoder(**SMALL, size_feature=False)
    assert bare(x).shape == [3, 20, 2] and bare.out_dim == 6


@pytest.mark.parametrize(
    "how, text",
    [
        ({"n_features": 3}, "n_features is 3; it must be 1, 2, 4 or 8"),
        ({"init_scale": -1.0}, "init_scale is -1.0 and scale 10.0"),
        ({"scale": 0.0}, "scale 0.0; they must be at least 0 and above 0"),
    ],
)
def test_wrong_arguments(how, text):
    with pytest.raises(ConfigError, match=text):
        MultisampleHashEncoder(**SMALL | how)
