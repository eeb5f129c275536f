"""The CUDA kernels that prepare and judge a batch, run on the CPU, against the references."""

import numpy as np
import pytest

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.ops.background import reference as background
from jnerf.ops.photometric import reference as photometric
from jnerf.ops.pixel_rays import reference as pixel_rays
from jnerf.ops.ray_visible import reference as ray_visible
from tests.ops.host_arrays import empty, packed_rays


@pytest.fixture
def host(cuda_host):
    return cuda_host.library("batch")


@pytest.mark.parametrize("n", [0, 1, 700])
def test_backgrounds(host, n):
    (out,) = empty((n, 3))
    host.call("behind", n, 1, 1337, 5, 64, out)
    np.testing.assert_array_equal(out, background.background(n, None, 1337, 5, 64))
    host.call("behind", n, 0, 1337, 5, 64, out)
    np.testing.assert_array_equal(out, background.background(n, [0.25, 0.5, 1.0]))


def test_pixels_their_rays_and_their_colors(host):
    random, n = np.random.default_rng(0), 300
    sizes = np.array([[5, 4], [3, 7]], np.int32)
    pixels = random.integers(0, 2**32, 41, dtype=np.uint32).view(np.int32)
    c2w = np.zeros((2, 3, 4), np.float32)
    c2w[:, :, :3] = np.eye(3)
    cameras = Cameras(c2w, np.float32([[4, 5, 2.5, 2], [3, 3, 1.5, 3.5]]), sizes)
    windows, places = np.int32([[0, 0, 5, 4], [1, 2, 2, 3]]), np.int32([[0, 0, 5], [20, 0, 3]])
    integers = empty(n, n, n, dtype=np.int32)
    rays_o, rays_d, rgba = empty((n, 3), (n, 3), (n, 4))
    where = c2w, cameras.intrinsics, places, pixels
    host.call("pixel_batch", n, windows, 2, 1, 7, 3, *where, *integers, rays_o, rays_d, rgba)
    right = pixel_rays.pixel_colors(n, windows, places, pixels, 1, 7, 3, (11, 12))
    for one, two in zip((*integers, rgba), right, strict=True):
        np.testing.assert_array_equal(one, two)
    expected = cameras.generate_rays(*right[:3])
    np.testing.assert_allclose(rays_o, expected[0])
    np.testing.assert_allclose(rays_d, expected[1], atol=1e-6)


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
@pytest.mark.parametrize("n", [1, 31, 1500])
@pytest.mark.parametrize("padded", [False, True])
def test_photometric_losses(host, kind, n, padded):
    random = np.random.default_rng(n)
    colors, rgba, behind = (random.random((n, c)).astype(np.float32) for c in (3, 4, 3))
    live = None
    if padded:
        live = np.float32(np.arange(n) < max(1, n - 5))[:, None]
        rgba *= live
        colors = np.where(live > 0, colors, behind)
    n_live, values, gradient, loss = empty(1, n, (n, 3), 1)
    given = colors, rgba, behind, live
    host.call("losses", n, kind, 0.1, 3.0, *given, n_live, values, gradient, loss)
    names = ("mse", "l1", "huber", "charbonnier")
    right = photometric.photometric(*given, names[kind], 0.1, 3.0)
    np.testing.assert_allclose(loss, [right[0]], rtol=1e-5)
    np.testing.assert_allclose(gradient, right[1], rtol=1e-4, atol=1e-7)


def test_rows(host):
    random, n = np.random.default_rng(1), 77
    values, factors = (random.random((n, c)).astype(np.float32) for c in (3, 1))
    low, inverse = np.float32([-1, 0.5, 2]), np.float32([0.25, 3, 1 / 3])
    first, scaled, unit = empty((n, 3), (n, 3), (n, 3))
    host.call("rows", n, values, first, factors, 1, scaled, low, inverse, unit)
    np.testing.assert_array_equal(first, values)
    np.testing.assert_array_equal(scaled, values * factors)
    np.testing.assert_allclose(unit, (values - low) * inverse, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("slots", [0, 6])
@pytest.mark.parametrize("capacity", [100, 10**6])
def test_the_end_of_a_march(host, slots, capacity):
    random, n = np.random.default_rng(2), 90
    window, rays = packed_rays(random.integers(0, 12, n))
    size = len(rays)
    sigmas, starts = (random.random(size).astype(np.float32) * k for k in (60, 1))
    ends = starts + np.float32(0.1)
    kept, packed, totals = empty(n, (n, 2), 3, dtype=np.int32)
    state, count = empty(max(slots, 1), 1, dtype=np.int32)
    trans, live = empty(n, (n, 1))
    before = np.full(max(slots, 1), n, np.int32)
    arrays = kept, trans, packed, totals, state, live, count
    host.call("end", n, starts, ends, sigmas, window, before, capacity, slots, *arrays)
    rows, right, wanted = ray_visible.visible(starts, ends, window, sigmas, 1e-4, capacity)
    np.testing.assert_array_equal(packed, right)
    assert totals[:2].tolist() == [len(rows), wanted]
    leading = int(np.flatnonzero(right[:, 1])[-1]) + 1
    if slots:
        left = leading if len(rows) < wanted else n
        assert state[:4].tolist() == [left, n, wanted, len(rows)] and count == len(rows)
        np.testing.assert_array_equal(live[:, 0], np.arange(n) < left)
    else:
        assert totals[2] == leading
