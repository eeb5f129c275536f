"""The CUDA kernels that place, filter and sum over samples of rays, run on the CPU, against the references."""

import numpy as np
import pytest

from jnerf.datasets.cameras import Cameras
from jnerf.ops.common.pack import pack_counts
from jnerf.ops.composite import reference as composite
from jnerf.ops.draw_pixels import reference as draw_pixels
from jnerf.ops.gather_rays import reference as gather_rays
from jnerf.ops.occupancy import reference as occupancy
from jnerf.ops.ray_march import MarchRule
from jnerf.ops.ray_march import reference as ray_march
from jnerf.ops.ray_points import reference as ray_points
from jnerf.ops.ray_resample import reference as ray_resample
from jnerf.ops.ray_uniform import reference as ray_uniform
from jnerf.ops.ray_visible import reference as ray_visible
from tests.ops.march_rays import check_packed, tricky_rays

RES, INT_MAX = 32, 2**31 - 1
UNIT_BOX = np.float32([0, 0, 0, 1, 1, 1])


@pytest.fixture(params=[False, True], ids=["forwards", "backwards"])
def library(request, cuda_host):
    found = cuda_host.library("rays")
    found.play(backwards=request.param)
    return found


def empty(*shapes, dtype=np.float32):
    """Arrays that show what was not written."""
    fill = np.nan if dtype == np.float32 else -(2**31)
    return [np.full(shape, fill, dtype) for shape in shapes]


def packed_rays(counts):
    counts = np.asarray(counts)
    packed = np.stack([np.cumsum(counts) - counts, counts], 1).astype(np.int32)
    return packed, np.repeat(np.arange(len(counts)), counts).astype(np.int32)


class TestPack:
    def check(self, library, counts, capacity):
        packed = np.full((len(counts), 2), -7, np.int32)
        packed[:, 1] = counts
        totals = np.full(2, -7, np.int32)
        library.call("pack", len(counts), capacity, packed, totals)
        right, wanted = pack_counts(np.asarray(counts, np.int64), capacity)
        np.testing.assert_array_equal(packed, right)
        assert totals.tolist() == [right[:, 1].astype(np.int64).sum(), min(wanted, INT_MAX)]

    @pytest.mark.parametrize("n", [0, 1, 31, 1023, 1024, 1025, 5000])
    @pytest.mark.parametrize("share", [0.0, 0.3, 0.999, 1.0, 2.0])
    def test_budgets(self, library, n, share):
        counts = np.random.default_rng(n).integers(0, 60, n)
        self.check(library, counts, max(1, int(counts.sum() * share)))

    @pytest.mark.parametrize("at", [0, 1, 1023, 1024, 1025, 2047, 2999])
    def test_capacity_ends_at_any_ray(self, library, at):
        counts = np.random.default_rng(at).integers(1, 9, 3000)
        for off in (-1, 0, 1):
            self.check(library, counts, max(1, int(counts[: at + 1].sum()) + off))

    def test_rays_without_samples(self, library):
        self.check(library, np.zeros(2100, int), 5)
        counts = np.zeros(2100, int)
        counts[[0, 1500]] = 5
        self.check(library, counts, 5)

    @pytest.mark.parametrize("capacity", [1, 10**6, INT_MAX - 1, INT_MAX])
    def test_more_than_int32_can_number(self, library, capacity):
        counts = np.full(3000, 10**6)
        counts[1500] = INT_MAX
        self.check(library, counts, capacity)
        self.check(library, np.full(2500, INT_MAX), capacity)
        self.check(library, np.array([INT_MAX]), capacity)

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
def test_uniform(library, n, step):
    o, d = tricky_rays(n, 1)
    n = len(o)
    packed, totals, rays = *empty((n, 2), 2, dtype=np.int32), empty(n * 6, dtype=np.int32)[0]
    starts, ends = empty(n * 6, n * 6)
    jitter = step is not None
    library.call(
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
def test_resample(library, n, merge, blur, padding, step):
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
    library.call("resample", n, *arrays, *how, step or 0, step is not None, *out)
    np.testing.assert_array_equal(packed, right[2])
    check_packed(packed, rays)
    np.testing.assert_allclose(starts, right[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ends, right[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n", [0, 1, 1000])
def test_draw(library, n):
    windows = np.int32([[0, 0, 64, 48], [3, 5, 1, 9], [10, 0, 7, 7]])
    out = empty(n, n, n, dtype=np.int32)
    library.call("draw", n, windows, 3, 1, 1337, 7, 11, 12, *out)
    for one, two in zip(
        out, draw_pixels.draw_pixels(n, windows, 1, 1337, 7, (11, 12)), strict=True
    ):
        np.testing.assert_array_equal(one, two)


class Scene:
    """A random grid, rays, and the numbers of a march through it."""

    def __init__(self, n_rays, cone=0.0):
        random = np.random.default_rng(n_rays)
        grid = (random.random(RES**3) < 0.2).astype(np.float32)
        self.bits, blocks, _ = occupancy.build_bitfield(grid, 0.01, RES)
        self.o, self.d = tricky_rays(n_rays, 1)
        self.rule = MarchRule(UNIT_BOX, near=0.05, cone_angle=cone, min_step=0.01)
        numbers = self.rule.numbers()
        names = [
            *(f"box{i}" for i in range(6)),
            "near",
            "far",
            "cone",
            "log_ratio",
            "min_step",
            "max_step",
        ]
        sizes = np.int32([RES, 1, numbers["max_steps"], 3, 7, 1])
        rule = np.float32([numbers[name] for name in names])
        self.n = len(self.o)
        self.arguments = [
            self.n,
            self.o,
            self.d,
            self.bits,
            np.ascontiguousarray(blocks),
            rule,
            sizes,
        ]

    def reference(self, max_samples=None):
        return ray_march.ray_march(self.o, self.d, self.bits, self.rule, RES, 3, 7, max_samples)


@pytest.mark.parametrize("n, cone", [(0, 0.0), (22, 0.0), (248, 0.0), (60, 1 / 64)])
@pytest.mark.parametrize("share", [0.4, 2.0])
def test_march(library, n, cone, share):
    scene = Scene(n, cone)
    wanted = scene.reference()[2][:, 1].sum()
    capacity = max(1, int(wanted * share))
    t_starts, t_ends, right = scene.reference(capacity)
    packed, totals = empty((scene.n, 2), 2, dtype=np.int32)
    (first,) = empty(scene.n)
    library.call("march_count", *scene.arguments, capacity, packed, first, totals)
    np.testing.assert_array_equal(packed, right)
    assert totals.tolist() == [len(t_starts), wanted]
    starts, ends = empty(len(t_starts), len(t_starts))
    (rays,) = empty(len(t_starts), dtype=np.int32)
    library.call("march_write", *scene.arguments, packed, first, starts, ends, rays)
    check_packed(packed, rays)
    np.testing.assert_allclose(starts, t_starts, rtol=1e-6 if cone else 1e-7)
    np.testing.assert_allclose(ends, t_ends, rtol=1e-6 if cone else 1e-7)


@pytest.mark.parametrize("n, budget", [(0, 1.0), (100, 1.0), (280, 0.5)])
def test_visible_windows(library, n, budget):
    """Two windows per ray and what stays of them, with features that travel along."""
    scene = Scene(n)
    t_starts, t_ends, packed_all = scene.reference()
    field = np.random.default_rng(0).uniform(0, 300, len(t_starts)).astype(np.float32)
    stop, length, windows = 1e-2, 9, []
    next_point, trans = np.zeros(scene.n, np.float32), np.ones(scene.n, np.float32)
    kept = np.zeros(scene.n, np.int32)
    for looked in (0, length):
        window, totals = empty((scene.n, 2), 2, dtype=np.int32)
        first, following = empty(scene.n, scene.n)
        state = [next_point, kept, trans, looked, length, stop]
        library.call("window", *scene.arguments, *state, window, first, following, totals)
        starts, ends = empty(totals[0], totals[0])
        (rays,) = empty(totals[0], dtype=np.int32)
        library.call("march_write", *scene.arguments, window, first, starts, ends, rays)
        check_packed(window, rays)
        rows = [packed_all[r, 0] + looked + np.arange(window[r, 1]) for r in range(scene.n)]
        rows = np.concatenate(rows).astype(int)
        np.testing.assert_allclose(starts, t_starts[rows], rtol=1e-7)
        before, (kept,), (passed,) = kept, empty(scene.n, dtype=np.int32), empty(scene.n)
        sigmas = field[rows]
        library.call(
            "advance", scene.n, starts, ends, sigmas, window, before, trans, stop, kept, passed
        )
        next_point, trans = following, passed
        windows.append((looked, window, starts, ends, np.stack([sigmas, 2 * sigmas], 1)[None]))
    cut = packed_all.copy()
    cut[:, 1] = np.minimum(cut[:, 1], 2 * length)
    wanted = ray_visible.visible(t_starts, t_ends, cut, field, stop)[2]
    capacity = max(1, int(wanted * budget))
    rows, right, _ = ray_visible.visible(t_starts, t_ends, cut, field, stop, capacity)
    packed, totals = empty((scene.n, 2), 2, dtype=np.int32)
    library.call("keep", scene.n, kept, capacity, packed, totals)
    np.testing.assert_array_equal(packed, right)
    assert totals.tolist() == [len(rows), wanted]
    starts, ends, features = empty(len(rows), len(rows), (1, len(rows), 2))
    (rays,) = empty(len(rows), dtype=np.int32)
    (_, *first), (looked, *second) = windows
    given = [
        [window, starts_in, ends_in, np.ascontiguousarray(values), values.shape[1]]
        for window, starts_in, ends_in, values in (first, second)
    ]
    sizes = [1, len(rows), 2]
    out = [starts, ends, rays, *sizes, features]
    library.call("gather", scene.n, packed, *given[0], *given[1], looked, *out)
    np.testing.assert_allclose(starts, t_starts[rows], rtol=1e-7)
    np.testing.assert_allclose(ends, t_ends[rows], rtol=1e-7)
    np.testing.assert_array_equal(features[0], np.stack([field[rows], 2 * field[rows]], 1))
    check_packed(packed, rays)


@pytest.mark.parametrize("n", [0, 1, 31, 257])
def test_composite(library, n):
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
    library.call("composite", n, size, *data, packed, background, 1e-3, *outputs, *arguments)
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
def test_rows_of_rays_and_midpoints(library, n):
    random = np.random.default_rng(n)
    packed, rays = packed_rays(random.integers(0, 9, n))
    size = len(rays)
    rows, values = random.normal(size=(n, 5)), random.normal(size=(size, 5))
    rows, values = rows.astype(np.float32), values.astype(np.float32)
    out, sums = empty((size, 5), (n, 5))
    library.call("rows_of_rays", n, size, rows, rays, packed, 5, out, values, sums)
    np.testing.assert_array_equal(out, gather_rays.gather_rays(rows, rays))
    np.testing.assert_allclose(sums, gather_rays.gather_rays_grad(values, packed), atol=1e-5)
    o, d = random.normal(size=(2, n, 3)).astype(np.float32)
    starts, ends = random.random((2, size)).astype(np.float32)
    (found,) = empty((size, 3))
    library.call(
        "points", size, np.ascontiguousarray(o), np.ascontiguousarray(d), starts, ends, rays, found
    )
    np.testing.assert_allclose(found, ray_points.ray_points(o, d, starts, ends, rays), atol=1e-5)


@pytest.mark.parametrize("n", [0, 1, 31, 257])
def test_rays_of_pixels(library, n):
    random = np.random.default_rng(n)
    c2w = np.tile(np.eye(3, 4, dtype=np.float32), (3, 1, 1))
    c2w[:, :, 3] = random.normal(size=(3, 3))
    cameras = Cameras(c2w, np.full((3, 4), 32, np.float32), np.full((3, 2), 64, np.int32))
    indices = random.integers(0, 3, n).astype(np.int32)
    x, y = (random.integers(0, 64, n).astype(np.int32) for _ in range(2))
    found = empty((n, 3), (n, 3))
    library.call("pixels", n, indices, x, y, cameras.c2w, cameras.intrinsics, *found)
    for a, b in zip(found, cameras.generate_rays(indices, x, y), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("n", [1, 31, 257])
def test_padding_behind_composited_samples(library, n):
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
    library.call("composite", *arguments)
    right = composite.composite(*(v[:size] for v in data), packed, None, 1e-3)
    for found, want in zip(outputs, right, strict=True):
        np.testing.assert_allclose(found[: len(want)], want, rtol=1e-4, atol=1e-5)
    assert not outputs[3][size:].any() and (outputs[4][size:] == 1).all()
    assert np.isfinite(grad_sigmas).all() and not grad_sigmas[size:].any()
    assert np.isfinite(grad_rgbs).all() and not grad_rgbs[size:].any()


@pytest.mark.parametrize("n, share", [(0, 2.0), (100, 2.0), (100, 0.6), (280, 0.3)])
def test_window_whose_sizes_stay_on_the_device(library, n, share):
    """One window, and what is kept of it; rays that do not fit are dropped, and rows behind the samples are padding."""
    scene, length, slots = Scene(n), 30, 6
    t_starts, t_ends, packed_all = scene.reference()
    counts = np.minimum(packed_all[:, 1].astype(np.int64), length)
    wanted = counts.sum()
    capacity = max(length, int(wanted * share))
    right, _ = pack_counts(counts, capacity)
    live = scene.n if wanted <= capacity else np.flatnonzero(right[:, 1])[-1] + 1
    zeros, kept = np.zeros(scene.n, np.float32), np.zeros(scene.n, np.int32)
    state_in = np.full(slots, scene.n, np.int32)
    window, totals, state = empty((scene.n, 2), 2, slots, dtype=np.int32)
    first, following, starts, ends = empty(scene.n, scene.n, capacity, capacity)
    (rays,) = empty(capacity, dtype=np.int32)
    before = [zeros, kept, zeros + 1, 0, length, 1e-4, capacity, slots, 4, state_in]
    after = [window, first, following, totals, state, starts, ends, rays]
    library.call("padded_window", *scene.arguments, *before, *after)
    size = right[:, 1].sum()
    np.testing.assert_array_equal(window, right)
    assert state.tolist() == [live, scene.n, scene.n, scene.n, wanted, live]
    rows = np.concatenate(
        [f + np.arange(k) for (f, _), (_, k) in zip(packed_all, right, strict=True)]
    )
    np.testing.assert_allclose(starts[:size], t_starts[rows.astype(int)], rtol=1e-7)
    check_packed(window, rays[:size])
    assert not starts[size:].any() and not ends[size:].any() and (rays[size:] == scene.n - 1).all()

    kept = np.minimum(counts, 7).astype(np.int32)  # also of rays that were dropped
    right, wanted = pack_counts(np.where(np.arange(scene.n) < live, kept, 0), 200)
    packed, totals, final = empty((scene.n, 2), 2, slots, dtype=np.int32)
    mask, features = empty(scene.n, (3, 200, 2))
    out = [packed, totals, final, mask, 3, 2, features]
    library.call("padded_keep", scene.n, kept, 200, slots, state, *out)
    np.testing.assert_array_equal(packed, right)
    size = right[:, 1].sum()
    left = live if wanted <= 200 else np.flatnonzero(right[:, 1])[-1] + 1
    assert final.tolist() == [left, live, wanted, size, state[4], live]
    np.testing.assert_array_equal(mask, np.arange(scene.n) < left)
    assert np.isnan(features[:, :size]).all() and not features[:, size:].any()
