"""move_rays: against exponentials of matrices, and its gradients against their differences."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.move_rays import MODES, move_rays, reference

PIVOT = (0.5, 0.4, 0.6)
SIZES = [0.0, 1e-6, 1e-3, 0.2, 0.3, 2.5]  # of turns: where series and quotients are used, and 0


def make_rays(n: int, images: int = len(SIZES)):
    random = np.random.default_rng(n)
    rays_o, rays_d, twists = (random.normal(size=(k, 3)) for k in (n, n, images))
    rays_d /= np.linalg.norm(rays_d, axis=1, keepdims=True)
    turns = random.normal(size=(images, 3))
    turns *= (np.resize(SIZES, images) / np.linalg.norm(turns, axis=1))[:, None]
    chosen = random.integers(0, images, n).astype(np.int32)
    arrays = np.concatenate([twists * 0.3, turns], axis=1), rays_o, rays_d
    return [v.astype(np.float32) for v in arrays] + [chosen]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n", [0, 1, 300])
def test_matches_the_reference(device, mode, n):
    arrays = make_rays(n)
    moved = move_rays(*map(jt.array, arrays), mode, PIVOT)
    expected = reference.move_rays(*arrays, mode, PIVOT)
    for found, right in zip(moved, expected, strict=True):
        np.testing.assert_allclose(found.numpy(), right, atol=2e-6)


@pytest.mark.parametrize("mode", MODES)
def test_gradients_are_those_of_the_reference(device, mode):
    twists, rays_o, rays_d, images = make_rays(200)
    random = np.random.default_rng(1)
    grads = random.normal(size=(2, 200, 3)).astype(np.float32)
    var = jt.array(twists)
    moved = move_rays(var, *map(jt.array, (rays_o, rays_d, images)), mode, PIVOT)
    loss = sum((g * m).sum() for g, m in zip(map(jt.array, grads), moved, strict=True))
    found = jt.grad(loss, var).numpy()

    def value(shifted):
        moved = reference.move_rays(shifted, rays_o, rays_d, images, mode, PIVOT)
        return sum((g * m).sum() for g, m in zip(grads, moved, strict=True))

    wide, h = twists.astype(np.float64), 1e-6
    right = np.zeros_like(wide)
    for i, k in np.ndindex(*wide.shape):
        step = np.zeros_like(wide)
        step[i, k] = h
        right[i, k] = (value(wide + step) - value(wide - step)) / (2 * h)
    np.testing.assert_allclose(found, right, atol=2e-5 * np.abs(right).max())


def test_sums_of_many_rays_do_not_depend_on_how_they_are_split():
    twists, rays_o, rays_d, images = make_rays(5000, 7)
    arrays = [jt.array(v) for v in (rays_o, rays_d, images)]
    var = jt.array(twists)
    moved = move_rays(var, *arrays, "se3", PIVOT)
    found = jt.grad(moved[0].sum() + (moved[1] * moved[0].stop_grad()).sum(), var).numpy()
    parts = np.zeros(found.shape, np.float64)
    for some in np.array_split(np.arange(5000), 9):
        var = jt.array(twists)
        moved = move_rays(var, *[jt.array(v[some]) for v in (rays_o, rays_d, images)], "se3", PIVOT)
        parts += jt.grad(moved[0].sum() + (moved[1] * moved[0].stop_grad()).sum(), var).numpy()
    np.testing.assert_allclose(found, parts, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("mode", MODES)
def test_poses_move_as_their_rays(mode):
    random = np.random.default_rng(4)
    twists = random.normal(size=(4, 6)) * 0.3
    c2w = np.concatenate(
        [np.linalg.qr(random.normal(size=(4, 3, 3)))[0], random.normal(size=(4, 3, 1))], 2
    )
    moved = reference.move_poses(twists, c2w, mode, PIVOT)
    rays = reference.move_rays(twists, c2w[:, :, 3], c2w[:, :, 2], np.arange(4), mode, PIVOT)
    np.testing.assert_allclose(moved[:, :, 3], rays[0], atol=1e-12)
    np.testing.assert_allclose(moved[:, :, 2], rays[1], atol=1e-12)
    np.testing.assert_allclose(
        moved[:, :, :3] @ moved[:, :, :3].transpose(0, 2, 1),
        np.broadcast_to(np.eye(3), (4, 3, 3)),
        atol=1e-9,
    )


def test_bad_calls_are_refused():
    twists, rays_o, rays_d, images = map(jt.array, make_rays(3))
    with pytest.raises(ValueError, match="mode is 'so3'"):
        move_rays(twists, rays_o, rays_d, images, "so3")
    with pytest.raises(ValueError, match=r"give \[N, 6\]"):
        move_rays(twists[:, :3], rays_o, rays_d, images)
    with pytest.raises(ValueError, match=r"give \[N, 6\]"):
        move_rays(twists, rays_o[:2], rays_d, images)
