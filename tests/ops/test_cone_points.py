"""cone_points: the moments of a cone's piece, the kernel against the reference, gradients of rays."""

import jittor as jt
import numpy as np
import pytest
from finite_differences import row_gradient

from jnerf.models.networks.space import make_space
from jnerf.ops.cone_points import cone_points, reference
from jnerf.ops.frustum_gaussians.reference import frustum_gaussians

BOX = np.float64([-1, -2, -3, 3, 2, 5])
SPACES = {"box": "none", "contraction_l2": "l2", "contraction_linf": "linf"}


def pieces(n_rays=7, per_ray=5, seed=0, far=6.0):
    random = np.random.default_rng(seed)
    d = random.normal(size=(n_rays, 3))
    edges = np.sort(random.random((n_rays, per_ray + 1)) * far, 1)
    packed = np.stack([np.arange(n_rays) * per_ray, np.full(n_rays, per_ray)], 1).astype(np.int32)
    return {
        "rays_o": random.normal(size=(n_rays, 3)),
        "rays_d": d / np.linalg.norm(d, axis=1, keepdims=True),
        "radii": random.random((n_rays, 1)) * 0.05,
        "t_starts": edges[:, :-1].reshape(-1),
        "t_ends": edges[:, 1:].reshape(-1),
        "ray_indices": np.repeat(np.arange(n_rays), per_ray).astype(np.int32),
        "packed_info": packed,
    }


def run(where, norm, **how):
    arrays = {
        k: jt.array(v.astype(np.float32) if v.dtype == np.float64 else v) for k, v in where.items()
    }
    return cone_points(**arrays, aabb=BOX, norm=norm, **how), arrays


@pytest.mark.parametrize("step", [None, 3])
def test_mean_and_variance_are_those_of_the_cones_piece(step):
    where = pieces()
    points, widths = reference.field_points(**where, step=step)
    means, variances = frustum_gaussians(
        *(where[k] for k in ("rays_o", "rays_d", "radii", "t_starts", "t_ends", "ray_indices"))
    )
    np.testing.assert_allclose(
        points.mean(0), means, atol=2e-3
    )  # the spiral's own middle is a little off the axis
    d = where["rays_d"][where["ray_indices"]]
    along = ((points - where["rays_o"][where["ray_indices"]]) * d).sum(-1)
    np.testing.assert_allclose(
        along.mean(0), ((means - where["rays_o"][where["ray_indices"]]) * d).sum(-1), rtol=1e-9
    )
    t0, t1 = where["t_starts"], where["t_ends"]
    square = 3 * (t1**5 - t0**5) / (5 * (t1**3 - t0**3))
    np.testing.assert_allclose(along.var(0), square - along.mean(0) ** 2, rtol=1e-6, atol=1e-9)
    # across: both axes together, twice the variance of one
    middle = where["rays_o"][where["ray_indices"]] + along[..., None] * d
    across = ((points - middle) ** 2).sum(-1).mean(0)
    r = where["radii"].reshape(-1)[where["ray_indices"]]
    np.testing.assert_allclose(across, 2 * r**2 * square / 4, rtol=1e-9)
    np.testing.assert_allclose(variances.sum(1), along.var(0) + across, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(widths, r * along / np.sqrt(8), rtol=1e-9)


def test_turns_leave_no_side_out():
    """Over many pieces the points of each lie around the axis alike, mirrored or not."""
    where = pieces(200, 50)
    angle, side = reference.turns(where["ray_indices"], where["packed_info"], seed=1, step=2)
    assert 0.45 < (side > 0).mean() < 0.55
    assert np.abs(np.exp(1j * angle).mean()) < 0.03
    again, _ = reference.turns(where["ray_indices"], where["packed_info"], seed=1, step=3)
    assert not np.array_equal(angle, again)


@pytest.mark.parametrize("step", [None, 5])
@pytest.mark.parametrize("norm", SPACES.values())
def test_kernel_matches_the_reference(device, norm, step):
    where = pieces()
    (points, widths), _ = run(where, norm, seed=4, step=step, draw=9)
    right = reference.cone_points(**where, aabb=BOX, norm=norm, seed=4, step=step, draw=9)
    assert points.is_stop_grad()
    np.testing.assert_allclose(points.numpy(), right[0], atol=2e-6)
    np.testing.assert_allclose(widths.numpy(), right[1], rtol=2e-5)


@pytest.mark.parametrize("kind", SPACES)
def test_space_is_that_of_networks(device, kind):
    where = pieces()
    made = make_space(kind, BOX.astype(np.float32))
    points, widths = reference.field_points(**where)
    x = jt.array(points.reshape(-1, 3).astype(np.float32)).stop_grad()
    unit, wide = reference.to_unit(points, widths, made.aabb, made.norm)
    np.testing.assert_allclose(made(x).numpy(), unit.reshape(-1, 3), atol=2e-6)
    found = made.widths(x, jt.array(widths.reshape(-1).astype(np.float32)))
    np.testing.assert_allclose(found.numpy(), wide.reshape(-1), rtol=2e-5)


@pytest.mark.parametrize("norm", SPACES.values())
def test_gradients_of_rays(device, norm):
    """By finite differences of the float64 reference; the spirals around the axis do not move."""
    where = pieces(4, 3)
    which = where["ray_indices"]
    grad = np.random.default_rng(1).normal(size=(6, len(which), 3))
    t = reference.distances(where["t_starts"], where["t_ends"])
    spirals = reference.field_points(**where)[0] - (
        where["rays_o"][which] + t[..., None] * where["rays_d"][which]
    )

    def total(rays):
        points = rays[which, :3] + t[..., None] * rays[which, 3:] + spirals
        moved = (reference.to_unit(points, t, BOX, norm)[0] * grad).sum((0, 2))
        return np.array([[moved[which == r].sum()] for r in range(4)])

    rays = np.concatenate([where["rays_o"], where["rays_d"]], 1)
    right = row_gradient(total, rays, np.ones((4, 1)))
    (points, widths), arrays = run(where, norm, trained=True)
    assert widths.is_stop_grad()
    value = (points * jt.array(grad.astype(np.float32))).sum()
    found = jt.grad(value, [arrays["rays_o"], arrays["rays_d"]])
    np.testing.assert_allclose(found[0].numpy(), right[:, :3], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found[1].numpy(), right[:, 3:], rtol=1e-3, atol=2e-3)


def test_far_and_empty_pieces_stay_finite(device):
    where = pieces(3, 2)
    where["t_starts"] = np.float64([0, 0, 1e6, 5e9, 2, 3])
    where["t_ends"] = np.float64([0, 1, 5e9, 1e12, 2, 1e6])
    for norm in ("l2", "linf"):
        (points, widths), _ = run(where, norm, step=1)
        assert np.isfinite(points.numpy()).all() and np.isfinite(widths.numpy()).all()
        assert -1e-6 < points.numpy().min() and points.numpy().max() < 1 + 1e-6
    none = {k: v[:0] if k.startswith("t_") or k == "ray_indices" else v for k, v in where.items()}
    (points, widths), _ = run(none, "l2")
    assert points.shape == [6, 0, 3] and widths.shape == [6, 0]
    with pytest.raises(ValueError, match="radii has 2 numbers; there are 3 rays"):
        run(where | {"radii": np.ones((2, 1))}, "l2")
    with pytest.raises(ValueError, match="norm is 'l1'; choose one of none, l2, linf"):
        run(where, "l1")
