"""Integrated positional encoding: reference against kernel, limits, and the mean over sampled Gaussians."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.frequency_encode import frequency_encode
from jnerf.ops.integrated_encode import integrated_encode, reference


def gaussians(n=50, n_dims=3, seed=0):
    random = np.random.default_rng(seed)
    return (
        random.random((n, n_dims)).astype(np.float32),
        (10.0 ** random.uniform(-9, 0, (n, n_dims))).astype(np.float32),
    )


@pytest.mark.parametrize("n_dims", [2, 3, 5, 21])
@pytest.mark.parametrize("n_frequencies", [1, 10, 16])
def test_matches_the_reference(device, n_dims, n_frequencies):
    means, variances = gaussians(n_dims=n_dims)
    out = integrated_encode(jt.array(means), jt.array(variances), n_frequencies, 2.0, -1.0)
    expected = reference.integrated_encode(means, variances, n_frequencies, 2.0, -1.0)
    assert out.shape == [50, 2 * n_frequencies * n_dims]
    # u is rounded before it is multiplied by up to 2^15
    np.testing.assert_allclose(out.numpy(), expected, atol=2e-7 * 4 * 2.0**n_frequencies + 1e-6)


def test_without_width_it_is_the_frequency_encoding(device):
    means, _ = (jt.array(v) for v in gaussians())
    out = integrated_encode(means, jt.zeros(means.shape), 8, 2.0, -1.0)
    powers = jt.array(2.0 ** np.arange(8, dtype=np.float32))
    expected = frequency_encode(means, powers, False, 2.0, -1.0)
    np.testing.assert_allclose(out.numpy(), expected.numpy(), atol=1e-6)


def test_fine_waves_fade_first(device):
    out = integrated_encode(jt.array(np.float32([[0.3]])), jt.array(np.float32([[0.01]])), 8)
    size = np.hypot(*out.numpy().reshape(8, 2).T)
    assert (np.diff(size) <= 1e-30).all()  # subnormal numbers may be flushed, or not
    assert size[0] > 0.9 and size[-1] < 1e-6


def test_the_reference_is_the_mean_of_encodings():
    random = np.random.default_rng(3)
    means, variances = np.array([[0.2, 0.7]]), np.array([[0.02, 0.003]])
    points = means + np.sqrt(variances) * random.normal(size=(400_000, 2))
    found = reference.integrated_encode(points, 0 * points, 3).mean(axis=0)
    np.testing.assert_allclose(
        found, reference.integrated_encode(means, variances, 3)[0], atol=5e-3
    )


def test_nothing_and_wrong_arguments(device):
    nothing = jt.zeros((0, 3))
    assert integrated_encode(nothing, nothing, 4).shape == [0, 24]
    with pytest.raises(ValueError, match=r"means are \[2, 3\] and variances \[3, 3\]"):
        integrated_encode(jt.zeros((2, 3)), jt.zeros((3, 3)), 4)
    with pytest.raises(ValueError, match="n_frequencies is 0"):
        integrated_encode(jt.zeros((2, 3)), jt.zeros((2, 3)), 0)
