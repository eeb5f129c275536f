"""Gaussians of conical frustums: reference against kernel, and the reference against sampled cones."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.frustum_gaussians import frustum_gaussians, reference


def pieces(n_rays=20, per_ray=12, seed=0):
    random = np.random.default_rng(seed)
    o = random.normal(size=(n_rays, 3))
    d = random.normal(size=(n_rays, 3))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    radii = random.uniform(1e-4, 1e-1, (n_rays, 1))
    edges = np.sort(random.uniform(0.1, 4, (n_rays, per_ray + 1)), axis=1)
    rays = np.repeat(np.arange(n_rays), per_ray).astype(np.int32)
    arrays = [v.astype(np.float32) for v in (o, d, radii, edges[:, :-1], edges[:, 1:])]
    return [*arrays[:3], arrays[3].ravel(), arrays[4].ravel(), rays]


def test_matches_the_reference(device):
    arrays = pieces()
    means, variances = (v.numpy() for v in frustum_gaussians(*map(jt.array, arrays)))
    expected = reference.frustum_gaussians(*arrays)
    np.testing.assert_allclose(means, expected[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(variances, expected[1], rtol=2e-3, atol=2e-7)
    assert (variances >= 0).all()


def test_thin_pieces_keep_their_digits(device):
    """In float32 the textbook form loses all of them: the difference of fifth powers."""
    t = np.linspace(1, 4, 2000, dtype=np.float32)
    o, d, r = np.float32([[0, 0, 0]]), np.float32([[0, 0, 1]]), np.float32([[1e-3]])
    arrays = [o, d, r, t[:-1], t[1:], np.zeros(1999, np.int32)]
    _, variances = frustum_gaussians(*map(jt.array, arrays))
    h = 0.5 * (t[1:].astype(np.float64) - t[:-1])
    np.testing.assert_allclose(variances.numpy()[:, 2], h**2 / 3, rtol=1e-3)
    np.testing.assert_allclose(variances.numpy()[:, 0], 0.25e-6 * t[:-1].astype(float) ** 2, rtol=1e-2)  # fmt: skip


def test_the_moments_are_those_of_points_in_the_cone():
    random = np.random.default_rng(1)
    t0, t1, radius, n = 1.0, 2.5, 0.4, 2_000_000
    t = (t0**3 + random.random(n) * (t1**3 - t0**3)) ** (1 / 3)  # area grows with t^2
    turn, share = random.random(n) * 2 * np.pi, np.sqrt(random.random(n))
    across = radius * t * share
    points = np.stack([across * np.cos(turn), across * np.sin(turn), t], axis=1)
    z = np.float32([[0, 0, 1]])
    arrays = [0 * z, z, np.float32([[radius]]), np.float32([t0]), np.float32([t1]), np.int32([0])]
    means, variances = reference.frustum_gaussians(*arrays)
    np.testing.assert_allclose(points.mean(0), means[0], atol=1e-3)
    np.testing.assert_allclose(points.var(0), variances[0], rtol=5e-3)


def test_nothing_and_a_point(device):
    o, d, r, t0, t1, rays = pieces(1, 1)
    none = frustum_gaussians(*map(jt.array, (o, d, r, t0[:0], t1[:0], rays[:0])))
    assert [v.shape for v in none] == [[0, 3], [0, 3]]
    zero = np.float32([0])
    means, variances = frustum_gaussians(*map(jt.array, (o, d, r, zero, zero, rays)))
    np.testing.assert_array_equal(means.numpy(), o)
    np.testing.assert_array_equal(variances.numpy(), np.zeros((1, 3)))


def test_a_missing_radius_is_named():
    o, d, r, t0, t1, rays = map(jt.array, pieces(3, 1))
    with pytest.raises(ValueError, match="radii has 2 numbers; there are 3 rays"):
        frustum_gaussians(o, d, r[:2], t0, t1, rays)
