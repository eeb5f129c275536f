"""The CUDA kernels that march rays through an occupancy grid, run on the CPU, against the references."""

import numpy as np
import pytest

from jnerf.ops.common.pack import pack_counts
from jnerf.ops.occupancy import reference as occupancy
from jnerf.ops.ray_march import MarchRule
from jnerf.ops.ray_march import reference as ray_march
from jnerf.ops.ray_visible import reference as ray_visible
from tests.ops.host_arrays import empty
from tests.ops.march_rays import check_packed, tricky_rays

RES = 32
UNIT_BOX = np.float32([0, 0, 0, 1, 1, 1])


class Scene:
    """A random grid, rays, and the numbers of a march through it."""

    def __init__(self, n_rays, cone=0.0, **rule):
        random = np.random.default_rng(n_rays)
        grid = (random.random(RES**3) < 0.2).astype(np.float32)
        self.bits, blocks, _ = occupancy.build_bitfield(grid, 0.01, RES)
        self.o, self.d = tricky_rays(n_rays, 1)
        self.rule = MarchRule(UNIT_BOX, near=0.05, cone_angle=cone, min_step=0.01, **rule)
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


def check_written(rays_on_host, scene, packed, first, right, cone):
    """The intervals that a march writes are those of the reference, ``right``."""
    n = len(right[0])
    starts, ends = empty(n, n)
    (rays,) = empty(n, dtype=np.int32)
    rays_on_host.call("march_write", *scene.arguments, packed, first, starts, ends, rays)
    check_packed(packed, rays)
    np.testing.assert_allclose(starts, right[0], rtol=1e-6 if cone else 1e-7)
    np.testing.assert_allclose(ends, right[1], rtol=1e-6 if cone else 1e-7)


@pytest.mark.parametrize("n, cone", [(0, 0.0), (22, 0.0), (248, 0.0), (60, 1 / 64)])
@pytest.mark.parametrize("share", [0.4, 2.0])
def test_march(rays_on_host, n, cone, share):
    scene = Scene(n, cone)
    wanted = scene.reference()[2][:, 1].sum()
    capacity = max(1, int(wanted * share))
    t_starts, t_ends, right = scene.reference(capacity)
    packed, totals = empty((scene.n, 2), 2, dtype=np.int32)
    (first,) = empty(scene.n)
    rays_on_host.call("march_count", *scene.arguments, capacity, packed, first, totals)
    np.testing.assert_array_equal(packed, right)
    assert totals.tolist() == [len(t_starts), wanted]
    check_written(rays_on_host, scene, packed, first, (t_starts, t_ends), cone)


@pytest.mark.parametrize("n, cone, most", [(100, 0.0, 1024), (100, 1 / 64, 20), (520, 0.0, 20)])
def test_one_window_for_all_samples(rays_on_host, n, cone, most):
    """Few rays have eight threads each, many one; with a bound on the samples of a ray, and without."""
    scene = Scene(n, cone, max_samples_per_ray=most)
    t_starts, t_ends, right = scene.reference()
    assert right[:, 1].max() == most or most == 1024
    packed, totals = empty((scene.n, 2), 2, dtype=np.int32)
    first, next_point = empty(scene.n, scene.n)
    none = [None, None, None, 0, most, 1e-3]
    rays_on_host.call("window", *scene.arguments, *none, packed, first, next_point, totals)
    np.testing.assert_array_equal(packed, right)
    assert totals[0] == len(t_starts)
    check_written(rays_on_host, scene, packed, first, (t_starts, t_ends), cone)


@pytest.mark.parametrize("n, budget", [(0, 1.0), (100, 1.0), (280, 0.5)])
def test_visible_windows(rays_on_host, n, budget):
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
        rays_on_host.call("window", *scene.arguments, *state, window, first, following, totals)
        starts, ends = empty(totals[0], totals[0])
        (rays,) = empty(totals[0], dtype=np.int32)
        rays_on_host.call("march_write", *scene.arguments, window, first, starts, ends, rays)
        check_packed(window, rays)
        rows = [packed_all[r, 0] + looked + np.arange(window[r, 1]) for r in range(scene.n)]
        rows = np.concatenate(rows).astype(int)
        np.testing.assert_allclose(starts, t_starts[rows], rtol=1e-7)
        before, (kept,), (passed,) = kept, empty(scene.n, dtype=np.int32), empty(scene.n)
        sigmas = field[rows]
        rays_on_host.call(
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
    rays_on_host.call("keep", scene.n, kept, capacity, packed, totals)
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
    rays_on_host.call("gather", scene.n, packed, *given[0], *given[1], looked, *out)
    np.testing.assert_allclose(starts, t_starts[rows], rtol=1e-7)
    np.testing.assert_allclose(ends, t_ends[rows], rtol=1e-7)
    np.testing.assert_array_equal(features[0], np.stack([field[rows], 2 * field[rows]], 1))
    check_packed(packed, rays)


@pytest.mark.parametrize("n, share", [(0, 2.0), (100, 2.0), (100, 0.6), (280, 0.3)])
def test_window_whose_sizes_stay_on_the_device(rays_on_host, n, share):
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
    rays_on_host.call("padded_window", *scene.arguments, *before, *after)
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
    rays_on_host.call("padded_keep", scene.n, kept, 200, slots, state, *out)
    np.testing.assert_array_equal(packed, right)
    size = right[:, 1].sum()
    left = live if wanted <= 200 else np.flatnonzero(right[:, 1])[-1] + 1
    assert final.tolist() == [left, live, wanted, size, state[4], live]
    np.testing.assert_array_equal(mask, np.arange(scene.n) < left)
    assert np.isnan(features[:, :size]).all() and not features[:, size:].any()
