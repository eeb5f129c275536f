"""Ops of surfaces: densities along rays, what colours see, losses, the pull of frequencies."""

import jittor as jt
import numpy as np
import pytest
from finite_differences import row_gradient

from jnerf.ops.frequency_encode import frequency_encode, frequency_pull
from jnerf.ops.surface_density import density_along, sharpness_of, surface_density
from jnerf.ops.surface_density import reference as density
from jnerf.ops.surface_inputs import reference as inputs_reference
from jnerf.ops.surface_inputs import surface_inputs
from jnerf.ops.surface_losses import eikonal, mask_entropy, masked_l1
from jnerf.ops.surface_losses import reference as losses


def single(*values):
    return [
        np.asarray(v).astype(np.float32 if np.asarray(v).dtype.kind == "f" else np.int32)
        for v in values
    ]


def slope_of(function, x, h=1e-6):
    """Gradient of a scalar function by central differences."""
    grad = np.zeros_like(x)
    for i in np.ndindex(*x.shape):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[i] += sign * h
            ends.append(function(moved))
        grad[i] = (ends[0] - ends[1]) / (2 * h)
    return grad


def sections(n=40, seed=0):
    """sdf, normals, sharpness, starts, ends, rays_d, ray_indices; no value where a slope has a kink."""
    random = np.random.default_rng(seed)
    normals, rays_d = random.normal(size=(n, 3)), random.normal(size=(5, 3))
    rays_d /= np.linalg.norm(rays_d, axis=1, keepdims=True)
    starts = np.sort(random.random(n))
    ends = starts + random.uniform(1e-3, 0.02, n)
    rays = np.sort(random.integers(0, 5, n))
    sdf = random.uniform(-0.02, 0.02, (n, 1))
    return sdf, normals, np.array([[150.0]]), starts, ends, rays_d, rays


@pytest.mark.parametrize("annealed", [0.0, 0.3, 1.0])
def test_densities_of_intervals(device, annealed):
    given = [v.astype(np.float32).astype(v.dtype) for v in sections()]
    right = density.surface_density(*given, annealed)
    as_vars = [jt.array(v) for v in single(*given)]
    found = surface_density(*as_vars, annealed)
    np.testing.assert_allclose(found.numpy(), right, rtol=1e-3, atol=1e-3)
    factors = np.random.default_rng(1).normal(size=len(right))
    total = (found * jt.array(factors.astype(np.float32))).sum()
    for i, grad in enumerate(jt.grad(total, as_vars[:3])):

        def of(value, i=i):
            moved = list(given)
            moved[i] = value
            return density.surface_density(*moved, annealed) @ factors

        expected = slope_of(of, given[i])
        size = np.abs(expected).max()
        np.testing.assert_allclose(grad.numpy(), expected, rtol=2e-2, atol=2e-3 * size)


def test_densities_far_from_the_surface_and_of_nothing(device):
    one = np.ones((4, 1))
    given = [-one * 0, -np.eye(3)[[0] * 4], [[2e5]], np.zeros(4), one[:, 0] * 0.01, np.eye(3)[:1]]
    given[0] = np.array([[-100.0], [-1], [1], [100]])
    as_vars = [jt.array(v) for v in single(*given, np.zeros(4, int))]
    found = surface_density(*as_vars)
    assert np.isfinite(found.numpy()).all() and found.numpy()[2:].max() == 0
    assert found.numpy()[:2] == pytest.approx(2e5, rel=1e-3)
    assert all(np.isfinite(g.numpy()).all() for g in jt.grad(found.sum(), as_vars[:3]))
    none = [v[:0] for v in as_vars]
    assert surface_density(none[0], none[1], as_vars[2], *none[3:5], *as_vars[5:]).shape == [0]
    with pytest.raises(ValueError, match=r"normals has shape \[3, 3\]; expected \[4, 3\]"):
        surface_density(as_vars[0], as_vars[1][:3], *as_vars[2:])


def test_slopes_are_means_of_the_differences_to_neighbours_on_the_same_ray(device):
    values, t = np.array([1.0, 3, 2, 5, 9, 4]), np.array([0.0, 1, 3, 0, 2, 1])
    rays = np.array([0, 0, 0, 1, 1, 4])
    np.testing.assert_allclose(density.slopes_along(values, t, rays), [2, 0.75, -0.5, 2, 2, 0])
    sdf, _, s, starts, ends, _, rays = sections(60, 3)
    given = single(sdf[:, 0], s, starts, ends, rays)
    found = density_along(*(jt.array(v) for v in given))
    right = density.density_along(sdf[:, 0], s, starts, ends, rays)
    np.testing.assert_allclose(found.numpy(), right, rtol=2e-3, atol=2e-3)
    assert found.is_stop_grad()
    one = density_along(*(jt.array(v if v.ndim == 2 else v[:1]) for v in given))
    assert one.numpy().tolist() == [0]
    assert density_along(*(jt.array(v if v.ndim == 2 else v[:0]) for v in given)).shape == [0]


def test_sharpness(device):
    for v, most in ((0.3, 1e6), (2.0, 1e6)):
        variance = jt.array(np.float32([v]))
        found = sharpness_of(variance, most, 0.5)
        right = density.sharpness_of(np.array([v]), most, 0.5)
        assert found.numpy() == pytest.approx(right, rel=1e-5) and list(found.shape) == [1, 1]
        grad = jt.grad(found.sum() * 3, [variance])[0].item()
        assert grad == pytest.approx(30 * right.item() if v < 1 else 0, rel=1e-5)


@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize("first, n_ray", [(0, 0), (1, 5)])
def test_what_colours_see(device, unit, first, n_ray):
    random, n = np.random.default_rng(4), 50
    positions, normals, values = (random.normal(size=(n, c)) for c in (3, 3, 7))
    normals[0] = 0
    of_ray, rays = random.normal(size=(6, n_ray)), random.integers(0, 6, n)
    order = ("values", "normal", "x", "ray") if unit else ("x", "normal", "values", "ray")
    options = {"order": order, "first": first, "unit": unit, "middle": (1, 2, 3), "scale": 0.5}
    ray = (of_ray, rays) if n_ray else ()
    right = inputs_reference.surface_inputs(positions, normals, values, *ray, **options)
    as_vars = [jt.array(v) for v in single(positions, normals, values, *ray)]
    found = surface_inputs(*as_vars, **options)
    np.testing.assert_allclose(found.numpy(), right, rtol=1e-5, atol=1e-6)
    factors = random.normal(size=right.shape)
    total = (found * jt.array(factors.astype(np.float32))).sum()
    grads = jt.grad(total, as_vars[1:3])
    for i, grad in zip((1, 2), grads, strict=True):

        def of(value, i=i):
            moved = [positions, normals, values]
            moved[i] = value
            return inputs_reference.surface_inputs(*moved, *ray, **options)

        expected = row_gradient(of, (normals, values)[i - 1], factors, 1e-7)
        rows = slice(1, None)  # a normal of length 0 has a slope of 1e6
        np.testing.assert_allclose(grad.numpy()[rows], expected[rows], rtol=1e-3, atol=1e-4)
        assert np.isfinite(grad.numpy()).all()


def test_what_colours_see_of_nothing_and_of_wrong_parts():
    x, v = jt.zeros((2, 3)), jt.zeros((2, 4))
    assert surface_inputs(x[:0], x[:0], v[:0], first=1).shape == [0, 9]
    with pytest.raises(ValueError, match="without 4 columns; expected"):
        surface_inputs(x, x, v, first=4)
    with pytest.raises(ValueError, match="give each of"):
        surface_inputs(x, x, v, order=("x", "x", "values", "ray"))


def _losses(n=300):
    random = np.random.default_rng(7)
    gradients, inside = random.normal(size=(n, 3)), (random.random((n, 1)) < 0.7).astype(float)
    opacities, rgba, behind = random.random((n, 1)), random.random((n, 4)), random.random((n, 3))
    opacities[:3] = [[0], [1], [0.5]]
    count = np.int32([n - 1])
    colors = random.random((n, 3))
    return {
        "eikonal": (eikonal, losses.eikonal, gradients, (inside,), {}),
        "eikonal of all": (eikonal, losses.eikonal, gradients, (None,), {}),
        "eikonal with padding": (eikonal, losses.eikonal, gradients, (inside,), {"count": count}),
        "eikonal of all but padding": (
            eikonal,
            losses.eikonal,
            gradients,
            (None,),
            {"count": count},
        ),
        "mask": (mask_entropy, losses.mask_entropy, opacities, (rgba, 1e-3), {}),
        "mask of some": (
            mask_entropy,
            losses.mask_entropy,
            opacities,
            (rgba, 1e-3),
            {"live": inside},
        ),
        "colours": (masked_l1, losses.masked_l1, colors, (rgba, behind), {}),
        "colours on black": (masked_l1, losses.masked_l1, colors, (rgba, None), {}),
    }


def _as_var(value):
    if not isinstance(value, np.ndarray):
        return value
    return jt.array(value.astype(np.float32) if value.dtype == float else value)


@pytest.mark.parametrize("name", list(_losses(3)))
def test_losses_and_their_gradients(device, name):
    op, right, first, others, more = _losses()[name]
    more = {"weight": 3.0} | more
    x, given = jt.array(first.astype(np.float32)), [_as_var(v) for v in others]
    found = op(x, *given, **{name: _as_var(v) for name, v in more.items()})
    assert found.numpy() == pytest.approx(right(first, *others, **more), rel=1e-5)
    grad = jt.grad(found * 2, [x])[0].numpy()
    expected = 2 * slope_of(lambda v: right(v, *others, **more), first, 1e-7)
    np.testing.assert_allclose(grad, expected, rtol=1e-3, atol=1e-7)


def test_losses_of_nothing():
    none = jt.zeros((0, 3))
    assert eikonal(none).item() == 0 and masked_l1(none, jt.zeros((0, 4))).item() == 0
    assert eikonal(jt.ones((4, 3)), jt.zeros((4, 1))).item() == 0
    still = jt.zeros((2, 3))  # a length of 0 has no direction
    assert np.isfinite(jt.grad(eikonal(still), [still])[0].numpy()).all()
    with pytest.raises(ValueError, match=r"rgba has shape \[2, 3\]; expected \[2, 4\]"):
        mask_entropy(jt.zeros((2, 1)), jt.zeros((2, 3)), 0.1)


@pytest.mark.parametrize("include_input", [True, False])
def test_frequencies_are_pulled_back_and_once_more(device, include_input):
    random, n = np.random.default_rng(9), 33
    x, frequencies = random.random((n, 3)).astype(np.float32), np.float32([1, 2, 4])
    options = {"include_input": include_input, "scale": 2.0}
    at = jt.array(x)
    values = frequency_encode(at, jt.array(frequencies), offset=-1.0, **options)
    factors = jt.array(random.normal(size=values.shape).astype(np.float32))
    expected = jt.grad((values * factors).sum(), [at])[0].numpy()
    pulled = frequency_pull(values.stop_grad(), factors, jt.array(frequencies), 3, **options)
    np.testing.assert_allclose(pulled.numpy(), expected, rtol=1e-5, atol=1e-5)
    # it is linear in the factors: its gradient is the transpose
    v = random.normal(size=(n, 3)).astype(np.float32)
    pushed = jt.grad((pulled * jt.array(v)).sum(), [factors])[0].numpy()
    along = (pulled.numpy() * v).sum(1)
    np.testing.assert_allclose((pushed * factors.numpy()).sum(1), along, rtol=1e-3, atol=1e-3)
    one = np.zeros((n, values.shape[1]), np.float32)
    one[:, -2] = 1
    column = frequency_pull(values, jt.array(one), jt.array(frequencies), 3, **options).numpy()
    np.testing.assert_allclose(pushed[:, -2], (column * v).sum(1), rtol=1e-4, atol=1e-4)
    assert frequency_pull(values[:0], factors[:0], jt.array(frequencies), 3, **options).shape == [
        0,
        3,
    ]
    with pytest.raises(ValueError, match="expected"):
        frequency_pull(values, factors[:, 1:], jt.array(frequencies), 3, **options)
