"""Gaussians along directions of contracted space: references against each other and against the kernel, by hand too."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.frustum_gaussians import reference as frustums
from jnerf.ops.project_gaussians import project_gaussians, reference
from tests.ops.ray_gradients import assert_near, differences, rays_and_samples

NORMS = ["none", "l2", "linf"]
BOX = np.float32([-0.3, -0.5, -0.2, 0.5, 0.4, 0.3])
AXES = np.eye(3, dtype=np.float32)
RANDOM = np.random.default_rng(5)


def unit_vectors(n):
    p = RANDOM.normal(size=(n, 3))
    return (p / np.linalg.norm(p, axis=1, keepdims=True)).astype(np.float32)


def run(arrays, rays, directions, aabb=BOX, norm="l2", packed=None):
    given = [jt.array(np.asarray(v, np.float32)) for v in arrays]
    packed = None if packed is None else jt.array(packed)
    return project_gaussians(*given, jt.array(rays), jt.array(directions), aabb, norm, packed)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("n_directions", [1, 21])
def test_matches_the_reference(device, norm, n_directions):
    arrays, rays, _ = rays_and_samples()
    p = unit_vectors(n_directions)
    found = [v.numpy() for v in run(arrays, rays, p, norm=norm)]
    right = reference.project_gaussians(*arrays, rays, p, BOX, norm)
    assert found[0].shape == (len(rays), n_directions)
    np.testing.assert_allclose(found[0], right[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[1], right[1], rtol=2e-4, atol=1e-9)


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("size", [0.3, 1.0001, 2.5, 40.0])
def test_the_jacobian_is_the_derivative_of_the_contraction(norm, size):
    for direction in unit_vectors(5).astype(np.float64):
        x = size * direction / (np.abs(direction).max() if norm == "linf" else 1)
        h = 1e-6 * size
        steps = [
            (reference.contract(x + h * e, norm) - reference.contract(x - h * e, norm)) / (2 * h)
            for e in np.eye(3)
        ]
        np.testing.assert_allclose(np.stack(steps, 1), reference.jacobian(x, norm), atol=1e-7)


@pytest.mark.parametrize("n", [1.0, 1.5, 7.0, 1000.0])
def test_the_cube_root_of_the_determinant_is_the_published_one(n):
    """(2 n - 1)^(2/3) / n^2, and the three factors: twice (2 n - 1) / n^2, once 1 / n^2."""
    slope = reference.jacobian(n * np.float64([0.6, 0.0, 0.8]), "l2")
    np.testing.assert_allclose(np.linalg.det(slope) ** (1 / 3), (2 * n - 1) ** (2 / 3) / n**2)
    around = (2 * n - 1) / n**2
    np.testing.assert_allclose(np.linalg.eigvalsh(slope), [1 / n**2, around, around], atol=1e-15)


def test_by_hand(device):
    """A ray along x from the middle: at r = 2, where f = 3/2, lengths shrink to 1/4 along the ray and 3/4 across."""
    t = 2 * 0.5  # half edges of 0.5 field units
    arrays = [[[0, 0, 0]], [[1, 0, 0]], [[0.02]], [t - 1e-3], [t + 1e-3]]
    cube = np.float32([-0.5, -0.5, -0.5, 0.5, 0.5, 0.5])
    means, variances = (v.numpy()[0] for v in run(arrays, np.int32([0]), AXES, cube))
    np.testing.assert_allclose(means, [1.5 / 4, 0, 0], atol=1e-6)
    along, across = 1e-3**2 / 3, 0.02**2 * t**2 / 4
    scale = 2 / 4  # cube edges per field unit, before it shrinks
    right = np.array([along / 16, across * 9 / 16, across * 9 / 16]) * scale**2
    np.testing.assert_allclose(variances, right, rtol=1e-3)


def test_axes_of_a_box_see_the_diagonal(device):
    arrays, rays, _ = rays_and_samples()
    found = run(arrays, rays, AXES, norm="none")
    means, variances = frustums.frustum_gaussians(*arrays, rays)
    low, high = np.split(BOX, 2)
    inside = (means - (low + high) / 2) / (high - low)
    np.testing.assert_allclose(found[0].numpy(), inside, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[1].numpy(), variances / (high - low) ** 2, rtol=2e-3)


def test_the_moments_are_those_of_contracted_points():
    """To first order: a small Gaussian outside the ball, drawn, contracted, projected."""
    o, d = np.float32([[0.1, 0.2, 0.0]]), unit_vectors(1)
    arrays = [o, d, np.float32([[0.01]]), np.float32([1.6]), np.float32([1.63])]
    own, p, box = np.int32([0]), unit_vectors(4), np.float32([-1, -1, -1, 1, 1, 1])
    centre = frustums.frustum_gaussians(*arrays, own)[0][0]
    spread = reference.covariances(d, *arrays[2:], own)[0]
    points = RANDOM.multivariate_normal(centre, spread, 40000)
    placed = np.array([reference.contract(x, "l2") for x in points]) / 4 @ p.T
    means, variances = reference.project_gaussians(*arrays, own, p, box, "l2")
    np.testing.assert_allclose(placed.mean(0), means[0], atol=2e-4)
    np.testing.assert_allclose(placed.var(0), variances[0], rtol=0.04)


@pytest.mark.parametrize("norm", NORMS)
def test_gradients_reach_rays(device, norm):
    (o, d, *rest), rays, packed = rays_and_samples()
    o = o * 0.4  # inside and outside of the ball
    p = unit_vectors(4)
    grads = RANDOM.normal(size=(2, len(rays), 4))
    vo, vd = jt.array(o), jt.array(d)
    out = project_gaussians(
        vo, vd, *map(jt.array, rest), jt.array(rays), jt.array(p), BOX, norm, jt.array(packed)
    )
    loss = sum((v * jt.array(g.astype(np.float32))).sum() for v, g in zip(out, grads, strict=True))
    found = jt.grad(loss, [vo, vd])
    for k, array in enumerate((o, d)):

        def value(x, k=k):
            moved = [x if i == k else v for i, v in enumerate((o, d))]
            right = reference.project_gaussians(*moved, *rest, rays, p, BOX, norm)
            return (np.stack(right) * grads).sum()

        assert_near(found[k].numpy(), differences(value, array), 1e-3)


def test_the_middle_and_infinity_are_finite(device):
    """At the origin a norm has no derivative; at 1e6 half edges a variance along the ray is 1e12 of them."""
    o, d = np.zeros((2, 3), np.float32), np.float32([[0, 0, 1], [0.6, 0, 0.8]])
    arrays = [o, d, np.full((2, 1), 1e-3), [0, 3e5], [0, 1e6]]
    packed, rays = np.int32([[0, 1], [1, 1]]), np.int32([0, 1])
    given = [jt.array(np.asarray(v, np.float32)) for v in arrays]
    p, cube = unit_vectors(21), np.float32([-0.5, -0.5, -0.5, 0.5, 0.5, 0.5])
    out = project_gaussians(*given, jt.array(rays), jt.array(p), cube, "l2", jt.array(packed))
    grads = jt.grad(sum(v.sum() for v in out), given[:2])
    for v in (*out, *grads):
        assert np.isfinite(v.numpy()).all()
    means, variances = (v.numpy() for v in out)
    assert (variances >= 0).all() and variances.max() < 0.1
    assert np.abs(means[1] - p @ d[1] / 2).max() < 1e-3  # its end: on the ball of radius 2


def test_nothing_and_wrong_arguments(device):
    arrays, rays, _ = rays_and_samples()
    none = [v[:0] if i > 2 else v for i, v in enumerate(arrays)]
    assert [v.shape for v in run(none, rays[:0], AXES)] == [[0, 3], [0, 3]]
    assert run(arrays, rays, AXES)[0].is_stop_grad()
    with pytest.raises(ValueError, match="radii has 4 numbers; there are 5 rays"):
        run([*arrays[:2], arrays[2][:4], *arrays[3:]], rays, AXES)
    with pytest.raises(ValueError, match=r"directions are \[3, 2\]; they must be \[B, 3\]"):
        run(arrays, rays, AXES[:, :2])
    with pytest.raises(ValueError, match="norm is 'l1'; choose one of none, l2, linf"):
        run(arrays, rays, AXES, norm="l1")
