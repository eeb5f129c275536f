"""The CUDA kernels that place and sum over samples of rays, run on the CPU, against the references."""

import numpy as np
import pytest

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.ops.common.pack import pack_counts
from jnerf.ops.composite import reference as composite
from jnerf.ops.draw_pixels import reference as draw_pixels
from jnerf.ops.expose import reference as expose
from jnerf.ops.gather_rays import reference as gather_rays
from jnerf.ops.move_rays import reference as move_rays
from jnerf.ops.ray_points import reference as ray_points
from jnerf.ops.ray_resample import reference as ray_resample
from jnerf.ops.ray_uniform import reference as ray_uniform
from tests.ops.host_arrays import empty, packed_rays
from tests.ops.march_rays import check_packed, tricky_rays
from tests.ops.ray_gradients import assert_near, differences, rays_and_samples
from tests.ops.test_expose import make_rays

INT_MAX = 2**31 - 1
UNIT_BOX = np.float32([0, 0, 0, 1, 1, 1])


class TestPack:
    def check(self, rays_on_host, counts, capacity):
        packed = np.full((len(counts), 2), -7, np.int32)
        packed[:, 1] = counts
        totals = np.full(2, -7, np.int32)
        rays_on_host.call("pack", len(counts), capacity, packed, totals)
        right, wanted = pack_counts(np.asarray(counts, np.int64), capacity)
        np.testing.assert_array_equal(packed, right)
        assert totals.tolist() == [right[:, 1].astype(np.int64).sum(), min(wanted, INT_MAX)]

    @pytest.mark.parametrize("n", [0, 1, 31, 1023, 1024, 1025, 5000])
    @pytest.mark.parametrize("share", [0.0, 0.3, 0.999, 1.0, 2.0])
    def test_budgets(self, rays_on_host, n, share):
        counts = np.random.default_rng(n).integers(0, 60, n)
        self.check(rays_on_host, counts, max(1, int(counts.sum() * share)))

    @pytest.mark.parametrize("at", [0, 1, 1023, 1024, 1025, 2047, 2999])
    def test_capacity_ends_at_any_ray(self, rays_on_host, at):
        counts = np.random.default_rng(at).integers(1, 9, 3000)
        for off in (-1, 0, 1):
            self.check(rays_on_host, counts, max(1, int(counts[: at + 1].sum()) + off))

    def test_rays_without_samples(self, rays_on_host):
        self.check(rays_on_host, np.zeros(2100, int), 5)
        counts = np.zeros(2100, int)
        counts[[0, 1500]] = 5
        self.check(rays_on_host, counts, 5)

    @pytest.mark.parametrize("capacity", [1, 10**6, INT_MAX - 1, INT_MAX])
    def test_more_than_int32_can_number(self, rays_on_host, capacity):
        counts = np.full(3000, 10**6)
        counts[1500] = INT_MAX
        self.check(rays_on_host, counts, capacity)
        self.check(rays_on_host, np.full(2500, INT_MAX), capacity)
        self.check(rays_on_host, np.array([INT_MAX]), capacity)

    def test_more_tiles_than_a_block_has_threads(self, cuda_host):
        library = cuda_host.library("rays")
        library.play()
        n = 1024 * 1025 + 3
        packed = np.ones((n, 2), np.int32)
        totals = np.zeros(2, np.int32)
        library.call("pack", n, n - 2, packed, totals)
        np.testing.assert_array_equal(packed[:, 0], np.minimum(np.arange(n), n - 2))
        assert totals.tolist() == [n - 2, n] and packed[:, 1].sum() == n - 2


@pytest.mark.parametrize("n", [0, 248, 300])
@pytest.mark.parametrize("step", [None, 5])
def test_uniform(rays_on_host, n, step):
    o, d = tricky_rays(n, 1)
    n = len(o)
    packed, totals, rays = *empty((n, 2), 2, dtype=np.int32), empty(n * 6, dtype=np.int32)[0]
    starts, ends = empty(n * 6, n * 6)
    jitter = step is not None
    rays_on_host.call(
        "uniform_count",
        n,
        o,
        d,
        UNIT_BOX,
        0.05,
        9.0,
        6,
        3,
        step or 0,
        jitter,
        packed,
        totals,
        starts,
        ends,
        rays,
    )
    right = ray_uniform.ray_uniform(o, d, UNIT_BOX, np.float32(0.05), np.float32(9), 6, 3, step)
    size = totals[0]
    np.testing.assert_array_equal(packed, right[2])
    check_packed(packed, rays[:size])
    np.testing.assert_allclose(starts[:size], right[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ends[:size], right[1], rtol=1e-5, atol=1e-6)
    assert np.isnan(starts[size:]).all()


@pytest.mark.parametrize("n", [0, 1, 300])
@pytest.mark.parametrize("merge, blur, padding, step", [(True, False, 1e-5, 4), (False, True, 0.01, None)])  # fmt: skip
def test_resample(rays_on_host, n, merge, blur, padding, step):
    random = np.random.default_rng(n)
    packed_in, _ = packed_rays(random.integers(0, 20, n))
    size = packed_in[:, 1].sum()
    edges = np.sort(random.random(size + 1)).astype(np.float32)
    arrays = [
        edges[:-1].copy(),
        edges[1:].copy(),
        random.random(size).astype(np.float32),
        packed_in,
    ]
    how = [12, merge, blur, padding, 3]
    right = ray_resample.ray_resample(*arrays, *how, step)
    packed, totals, rays = *empty((n, 2), 2, dtype=np.int32), *empty(len(right[0]), dtype=np.int32)
    starts, ends = empty(len(right[0]), len(right[0]))
    out = [packed, totals, starts, ends, rays]
    rays_on_host.call("resample", n, *arrays, *how, step or 0, step is not None, *out)
    np.testing.assert_array_equal(packed, right[2])
    check_packed(packed, rays)
    np.testing.assert_allclose(starts, right[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ends, right[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n", [0, 1, 1000])
def test_draw(rays_on_host, n):
    windows = np.int32([[0, 0, 64, 48], [3, 5, 1, 9], [10, 0, 7, 7]])
    out = empty(n, n, n, dtype=np.int32)
    rays_on_host.call("draw", n, windows, 3, 1, 1337, 7, 11, 12, *out)
    for one, two in zip(
        out, draw_pixels.draw_pixels(n, windows, 1, 1337, 7, (11, 12)), strict=True
    ):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("n", [0, 1, 31, 257])
def test_composite(rays_on_host, n):
    random = np.random.default_rng(n)
    packed, rays = packed_rays(random.integers(0, 12, n))
    size = len(rays)
    sigmas, rgbs = random.uniform(0, 40, size), random.random((size, 3))
    starts = np.sort(random.random(size))
    ends, background = starts + 0.05, random.random((n, 3))
    data = [v.astype(np.float32) for v in (sigmas, rgbs, starts, ends)]
    background = background.astype(np.float32)
    colors, opacities, depths, weights, trans, grad_sigmas, grad_rgbs = empty(
        (n, 3), (n, 1), (n, 1), size, size, size, (size, 3)
    )
    grads = [
        random.normal(size=v.shape).astype(np.float32)
        for v in (colors, opacities, depths, weights, trans)
    ]
    flat = np.concatenate([g.ravel() for g in grads[:3]])
    outputs = [colors, opacities, depths, weights, trans]
    arguments = [flat, *grads[3:], grad_sigmas, grad_rgbs]
    rays_on_host.call("composite", n, size, *data, packed, background, 1e-3, *outputs, *arguments)
    right = composite.composite(*data, packed, background, 1e-3)
    for found, want in zip(outputs, right, strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-5)
    exact = [v.astype(np.float64) for v in data]

    def loss(sigmas):
        values = composite.composite(
            sigmas, *exact[1:], packed, background.astype(np.float64), 1e-3
        )
        return sum((g * v).sum() for g, v in zip(grads, values, strict=True))

    for i in range(0, size, max(1, size // 20)):
        step = np.zeros(size)
        step[i] = 1e-5
        numeric = (loss(exact[0] + step) - loss(exact[0] - step)) / 2e-5
        assert grad_sigmas[i] == pytest.approx(numeric, rel=1e-2, abs=1e-3)
    np.testing.assert_allclose(grad_rgbs, weights[:, None] * grads[0][rays], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("n", [0, 1, 31, 257])
def test_rows_of_rays_and_midpoints(rays_on_host, n):
    random = np.random.default_rng(n)
    packed, rays = packed_rays(random.integers(0, 9, n))
    size = len(rays)
    rows, values = random.normal(size=(n, 5)), random.normal(size=(size, 5))
    rows, values = rows.astype(np.float32), values.astype(np.float32)
    out, sums = empty((size, 5), (n, 5))
    rays_on_host.call("rows_of_rays", n, size, rows, rays, packed, 5, out, values, sums)
    np.testing.assert_array_equal(out, gather_rays.gather_rays(rows, rays))
    np.testing.assert_allclose(sums, gather_rays.gather_rays_grad(values, packed), atol=1e-5)
    o, d = random.normal(size=(2, n, 3)).astype(np.float32)
    starts, ends = random.random((2, size)).astype(np.float32)
    (found,) = empty((size, 3))
    rays_on_host.call(
        "points", size, np.ascontiguousarray(o), np.ascontiguousarray(d), starts, ends, rays, found
    )
    np.testing.assert_allclose(found, ray_points.ray_points(o, d, starts, ends, rays), atol=1e-5)


@pytest.mark.parametrize("n", [0, 1, 31, 257])
def test_rays_of_pixels(rays_on_host, n):
    random = np.random.default_rng(n)
    c2w = np.tile(np.eye(3, 4, dtype=np.float32), (3, 1, 1))
    c2w[:, :, 3] = random.normal(size=(3, 3))
    cameras = Cameras(c2w, np.full((3, 4), 32, np.float32), np.full((3, 2), 64, np.int32))
    indices = random.integers(0, 3, n).astype(np.int32)
    x, y = (random.integers(0, 64, n).astype(np.int32) for _ in range(2))
    found = empty((n, 3), (n, 3))
    rays_on_host.call("pixels", n, indices, x, y, cameras.c2w, cameras.intrinsics, *found)
    for a, b in zip(found, cameras.generate_rays(indices, x, y), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("n", [1, 31, 257])
def test_padding_behind_composited_samples(rays_on_host, n):
    """Weighs nothing, gets no gradient, whatever lies in its rows."""
    random = np.random.default_rng(n)
    packed, rays = packed_rays(random.integers(0, 12, n))
    size, rows = len(rays), len(rays) + 700
    data = empty(rows, (rows, 3), rows, rows)
    for values in data:
        values[:size] = random.random(values[:size].shape)
    data[3][:size] = data[2][:size] + 0.05
    grads, grad_sigmas, grad_rgbs = empty(5 * n, rows, (rows, 3))
    grads[:] = 1
    outputs = empty((n, 3), (n, 1), (n, 1), rows, rows)
    flow = np.ones((2, rows), np.float32)
    arguments = [n, rows, *data, packed, None, 1e-3, *outputs, grads, *flow, grad_sigmas, grad_rgbs]
    rays_on_host.call("composite", *arguments)
    right = composite.composite(*(v[:size] for v in data), packed, None, 1e-3)
    for found, want in zip(outputs, right, strict=True):
        np.testing.assert_allclose(found[: len(want)], want, rtol=1e-4, atol=1e-5)
    assert not outputs[3][size:].any() and (outputs[4][size:] == 1).all()
    assert np.isfinite(grad_sigmas).all() and not grad_sigmas[size:].any()
    assert np.isfinite(grad_rgbs).all() and not grad_rgbs[size:].any()


@pytest.mark.parametrize("mode", ["so3xr3", "se3"])
@pytest.mark.parametrize("n", [0, 1, 1024, 2500])
def test_moved_rays(rays_on_host, mode, n):
    random = np.random.default_rng(n)
    o, d, of_o, of_d = random.normal(size=(4, n, 3)).astype(np.float32)
    twists = (0.3 * random.normal(size=(5, 6))).astype(np.float32)
    images, pivot = random.integers(0, 5, n).astype(np.int32), np.float32([0.5, 0.2, 0.4])
    moved, sums = empty((n, 3), (n, 3)), empty((-(-n // 1024), 5, 6), (5, 6))
    arrays = o, d, images, twists, pivot, mode == "se3"
    rays_on_host.call("moved", n, 5, *arrays, *moved, of_o, of_d, *sums)
    right = move_rays.move_rays(twists, o, d, images, mode, pivot)
    for found, expected in zip(moved, right, strict=True):
        np.testing.assert_allclose(found, expected, atol=5e-6)

    def value(x):
        some = slice(0, 200)  # the rest is added alike
        found = move_rays.move_rays(x, o[some], d[some], images[some], mode, pivot)
        return sum((v * g[some]).sum() for v, g in zip(found, (of_o, of_d), strict=True))

    if n <= 1024:
        few = [v[:200] for v in (o, d)], images[:200], [v[:200] for v in (of_o, of_d)]
        n = min(n, 200)
        moved = empty((n, 3), (n, 3))
        rays_on_host.call("moved", n, 5, *few[0], few[1], *arrays[3:], *moved, *few[2], *sums)
        right = differences(value, twists)
        np.testing.assert_allclose(sums[1], right, atol=1e-4 * max(np.abs(right).max(), 1e-9))


@pytest.mark.parametrize("n", [1, 200, 2500])
def test_exposures(rays_on_host, n):
    arrays = make_rays(n)
    colors, opacities, background, rgba, stops, images = arrays
    grad = np.random.default_rng(n).normal(size=(n, 3)).astype(np.float32)
    out, *found = empty((n, 3), (n, 3), (n, 1), (-(-n // 1024), 5, 3), (5, 3))
    rays_on_host.call("exposed", n, 5, *arrays, out, grad, *found)
    np.testing.assert_allclose(out, expose.expose(*arrays), atol=5e-6, rtol=1e-5)
    some = slice(0, 200)

    def value(x):
        given = colors[some], opacities[some], background[some], rgba[some], x, images[some]
        return (expose.expose(*given) * grad[some]).sum()

    if n <= 200:  # the rest is added alike
        right = differences(value, stops)
        np.testing.assert_allclose(found[3], right, atol=1e-3 * max(np.abs(right).max(), 1e-9))


def test_gradients_of_points(rays_on_host):
    (o, d, _, starts, ends), rays, packed = rays_and_samples()
    grad = np.random.default_rng(2).normal(size=(len(rays), 3)).astype(np.float32)
    found = empty(o.shape, d.shape)
    rays_on_host.call("points_backward", len(o), grad, starts, ends, packed, *found)
    right = [
        differences(lambda x: (ray_points.ray_points(x, d, starts, ends, rays) * grad).sum(), o),
        differences(lambda x: (ray_points.ray_points(o, x, starts, ends, rays) * grad).sum(), d),
    ]
    for one, two in zip(found, right, strict=True):
        assert_near(one, two)
