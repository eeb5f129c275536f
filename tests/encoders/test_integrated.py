"""The integrated encoder: points, Gaussians, and wrong arguments."""

from itertools import combinations

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.directions import icosahedron
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


def test_the_directions_of_an_icosahedron_are_spread_evenly():
    """6 axes through its corners and 15 through its edges; no two of them are nearly the same line."""
    p = icosahedron().astype(np.float64)
    assert p.shape == (21, 3)
    np.testing.assert_allclose(np.linalg.norm(p, axis=1), 1, atol=1e-6)
    angles = sorted(np.degrees(np.arccos(min(abs(a @ b), 1))) for a, b in combinations(p, 2))
    # from a corner to the middle of an edge there: atan(1 / golden); between two corners: atan(2)
    assert angles[0] == pytest.approx(np.degrees(np.arctan(2 / (1 + 5**0.5))), abs=1e-3)
    np.testing.assert_allclose(p.T @ p, 7 * np.eye(3), atol=1e-5)  # alike in all directions


def test_of_21_directions_each_has_its_own_waves():
    """By hand: 2^k without pi of p . (contracted position), faded by exp(-4^k variance / 2) along p."""
    encoder = IntegratedEncoder(12, basis="icosahedron", half_edge=2.0)
    random = np.random.default_rng(3)
    means, variances = random.uniform(-0.5, 0.5, (7, 21)), 10 ** random.uniform(-9, -2, (7, 21))
    found = encoder.integrate(jt.array(np.float32(means)), jt.array(np.float32(variances))).numpy()
    assert found.shape == (7, 504) == (7, encoder.out_dim)
    waves = found.reshape(7, 12, 2, 21)
    m, v = 4 * np.float32(means).astype(np.float64), 16 * variances
    for k in range(12):
        fade = np.exp(-0.5 * 4.0**k * v)
        for wave, right in zip((0, 1), (np.sin, np.cos), strict=True):
            atol = 1e-6 + 2e-7 * 4 * 2**k
            np.testing.assert_allclose(waves[:, k, wave], fade * right(2**k * m), atol=atol)
    x = random.random((5, 3)).astype(np.float32)
    point = encoder(jt.array(x)).numpy()
    along = np.float32((x - 0.5) @ encoder.directions.numpy().T)
    same = encoder.integrate(jt.array(along), jt.zeros((5, 21))).numpy()
    np.testing.assert_allclose(point, same, atol=2e-3)


def test_half_an_edge_may_measure_something_else():
    """Along the axes: sin(2^k x), x the coordinate from the middle, the cube's half edge being 1.5."""
    encoder = IntegratedEncoder(4, half_edge=1.5)
    x = np.random.default_rng(4).random((6, 3)).astype(np.float32)
    found = encoder(jt.array(x)).numpy().reshape(6, 4, 2, 3)
    for k in range(4):
        np.testing.assert_allclose(found[:, k, 0], np.sin(2**k * 3 * (x - 0.5)), atol=1e-5)


def test_wrong_options_are_named():
    with pytest.raises(ConfigError, match="basis is 'cube'; choose one of axes, icosahedron"):
        IntegratedEncoder(basis="cube")
    with pytest.raises(ConfigError, match="n_dims is 2; the icosahedron's directions are of 3"):
        IntegratedEncoder(n_dims=2, basis="icosahedron")
    with pytest.raises(ConfigError, match="half_edge is 0; it must be above 0, or None"):
        IntegratedEncoder(half_edge=0)


@pytest.mark.parametrize("name", ["n_frequencies", "n_dims"])
def test_wrong_arguments_are_named(name):
    with pytest.raises(ConfigError, match=f"{name} is 0"):
        IntegratedEncoder(**{name: 0})
