"""gather_rays, ray_points and the random numbers: reference against kernel."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.common import uniform
from jnerf.ops.gather_rays import gather_rays, sum_over_rays
from jnerf.ops.gather_rays import reference as gather_reference
from jnerf.ops.ray_points import ray_points
from jnerf.ops.ray_points import reference as points_reference


def test_gather_rays_and_its_sum(device):
    random = np.random.default_rng(0)
    counts = np.array([3, 0, 5, 1, 0])
    packed = np.stack([np.cumsum(counts) - counts, counts], 1).astype(np.int32)
    indices = np.repeat(np.arange(5), counts).astype(np.int32)
    rows = random.normal(size=(5, 7)).astype(np.float32)
    cotangent = random.normal(size=(9, 7)).astype(np.float32)
    rv = jt.array(rows)
    out = gather_rays(rv, jt.array(indices), jt.array(packed))
    np.testing.assert_array_equal(out.numpy(), gather_reference.gather_rays(rows, indices))
    grad = jt.grad((out * jt.array(cotangent)).sum(), [rv])[0].numpy()
    expected = gather_reference.gather_rays_grad(cotangent, packed)
    np.testing.assert_allclose(grad, expected, atol=1e-6)
    nothing = jt.array(np.zeros(0, np.int32)), jt.array(np.zeros((5, 2), np.int32))
    assert list(gather_rays(rv, *nothing).shape) == [0, 7]
    # the one is the gradient of the other
    cv = jt.array(cotangent)
    sums = sum_over_rays(cv, jt.array(indices), jt.array(packed))
    np.testing.assert_allclose(sums.numpy(), expected, atol=1e-6)
    grad = jt.grad((sums * rv).sum(), [cv])[0].numpy()
    np.testing.assert_array_equal(grad, gather_reference.gather_rays(rows, indices))
    assert not sum_over_rays(jt.zeros((0, 2)), *nothing).numpy().any()


@pytest.mark.parametrize("n", [1, 1000])
def test_ray_points_are_midpoints(device, n):
    random = np.random.default_rng(0)
    rays = [random.normal(size=(6, 3)).astype(np.float32) for _ in range(2)]
    starts = random.random(n).astype(np.float32)
    indices = np.sort(random.integers(0, 6, n)).astype(np.int32)
    arrays = [*rays, starts, starts + np.float32(0.1), indices]
    out = ray_points(*[jt.array(a) for a in arrays])
    np.testing.assert_allclose(out.numpy(), points_reference.ray_points(*arrays), atol=1e-6)
    assert out.is_stop_grad()


def test_random_numbers_are_uniform_and_keyed():
    draws = uniform(1337, 7, np.arange(1000)[:, None], np.arange(20)[None])
    assert draws.dtype == np.float32 and draws.min() >= 0 and draws.max() < 1
    assert abs(draws.mean() - 0.5) < 0.01 and abs(draws.var() - 1 / 12) < 0.01
    assert abs(np.corrcoef(draws[:, 0], draws[:, 1])[0, 1]) < 0.1
    assert np.unique(draws).size > 19_900
    assert (uniform(1337, 7, [5], [3]) == draws[5, 3]).all()
    assert (uniform(1338, 7, [5], [3]) != draws[5, 3]).all()
    assert (uniform(1337, 8, [5], [3]) != draws[5, 3]).all()
