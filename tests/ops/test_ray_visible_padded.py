"""Marching whose sizes stay on the device: the samples of ``ray_visible``, padding, and rays that are dropped."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.occupancy import build_bitfield
from jnerf.ops.ray_march import MarchRule, ray_march
from jnerf.ops.ray_visible import padded_windows, ray_visible, ray_visible_padded
from tests.ops.march_rays import check_packed, tricky_rays

RES, LENGTHS = 32, (32, 96, 384, 512)


def scene(n_rays=200, seed=1, features=(4, 2)):
    """Rays, grid and rule; and a look with densities and features that vary along the rays."""
    random = np.random.default_rng(seed)
    field = build_bitfield(jt.array((random.random(RES**3) < 0.3).astype(np.float32)), 0.01, RES)
    o, d = tricky_rays(n_rays, seed)
    rule = MarchRule((0, 0, 0, 1, 1, 1), 0.05)

    def look(positions, t_starts, t_ends, ray_indices):
        at = t_starts * 911 + ray_indices.float32()
        sigmas = (at - jt.floor(at)) * 60
        groups, width = features
        rows = jt.stack([at * (g + 1) for g in range(groups)]).reshape(groups, -1, 1)
        return sigmas, rows.broadcast([groups, rows.shape[1], width]).clone()

    return [jt.array(o), jt.array(d), field.bits, field.blocks, rule, RES, look]


def enough(n):
    return [length * n for length in LENGTHS]


def check_padding(found, n_rays, capacity):
    """Rows behind the samples; returns how many samples there are."""
    packed = found.packed_info.numpy()
    size = packed[:, 1].sum()
    assert [len(v) for v in (found.t_starts, found.t_ends, found.ray_indices)] == [capacity] * 3
    assert not found.t_starts.numpy()[size:].any() and not found.t_ends.numpy()[size:].any()
    assert (found.ray_indices.numpy()[size:] == n_rays - 1).all()
    assert not found.features.numpy()[:, size:].any()
    check_packed(packed, found.ray_indices.numpy()[:size])
    return size


def test_windows_end_at_the_longest_ray():
    assert padded_windows(1024) == [(0, 32), (32, 96), (128, 384), (512, 512)]
    assert padded_windows(10) == [(0, 10)]


@pytest.mark.parametrize("step", [None, 3])
def test_the_samples_are_those_of_exact_sizes(device, step):
    arguments = scene()
    right = ray_visible(*arguments, seed=5, step=step)
    n, size = len(arguments[0]), len(right.intervals)
    found = ray_visible_padded(*arguments, enough(n), 30000, seed=5, step=step)
    assert check_padding(found, n, 30000) == size
    for name in ("t_starts", "t_ends", "ray_indices"):
        one, other = getattr(found, name).numpy(), getattr(right.intervals, name).numpy()
        np.testing.assert_array_equal(one[:size], other)
    np.testing.assert_array_equal(found.packed_info.numpy(), right.intervals.packed_info.numpy())
    np.testing.assert_array_equal(found.features.numpy()[:, :size], right.features.numpy())
    assert found.live.numpy().all() and list(found.live.shape) == [n, 1]
    state = found.state.numpy()
    marched = ray_march(*arguments[:-1], seed=5, step=step).packed_info.numpy()[:, 1]
    assert state[:4].tolist() == [n, n, size, size] and state[4] == np.minimum(marched, 32).sum()
    assert state[5::2].tolist() == [n] * 4 and state[4::2].sum() >= size


def test_one_look_finds_the_same_samples(device):
    arguments = scene()
    n, right = len(arguments[0]), ray_visible(*arguments, seed=5, step=3)
    once = ray_visible(*arguments, seed=5, step=3, once=True)
    assert once.looked > right.looked and once.leading == right.leading
    assert padded_windows(1024, once=True) == [(0, 1024)]
    padded = ray_visible_padded(*arguments, [1024 * n], 30000, seed=5, step=3)
    size = check_padding(padded, n, 30000)
    assert padded.count.numpy().tolist() == [size] == [len(right.intervals)]
    for name in ("t_starts", "t_ends", "ray_indices", "positions"):
        expected = getattr(right.intervals, name).numpy()
        np.testing.assert_array_equal(getattr(once.intervals, name).numpy(), expected)
        np.testing.assert_array_equal(getattr(padded, name).numpy()[:size], expected)
    np.testing.assert_array_equal(once.features.numpy(), right.features.numpy())


@pytest.mark.parametrize("capacity", [1024, 2000, 4000])
def test_rays_behind_the_capacity_are_dropped(device, capacity):
    arguments = scene()
    right = ray_visible(*arguments, step=3, max_samples=capacity).intervals
    found = ray_visible_padded(*arguments, enough(len(arguments[0])), capacity, step=3)
    size = check_padding(found, len(arguments[0]), capacity)
    assert size == len(right) <= capacity < right.wanted
    np.testing.assert_array_equal(found.packed_info.numpy(), right.packed_info.numpy())
    live = int(right.ray_indices.numpy()[-1]) + 1
    np.testing.assert_array_equal(found.live.numpy()[:, 0], np.arange(len(arguments[0])) < live)
    assert found.state.numpy()[:4].tolist() == [live, len(arguments[0]), right.wanted, size]


@pytest.mark.parametrize("window", [0, 1])
def test_rays_behind_a_window_are_dropped_and_the_others_are_whole(device, window):
    arguments = scene()
    n = len(arguments[0])
    free = ray_visible(*arguments, step=3)
    looks = enough(n)
    looks[window] = 1500 if window == 0 else 200
    found = ray_visible_padded(*arguments, looks, 30000, step=3)
    size = check_padding(found, n, 30000)
    live = int(found.live.numpy().sum())
    assert 0 < live < n and found.live.numpy()[:live].all()
    state = found.state.numpy()
    assert state[:4].tolist() == [live, live, size, size] and state[4 + 2 * window] > looks[window]
    assert state[5::2].tolist() == [n] * window + [live] * (4 - window)
    whole = free.intervals.packed_info.numpy().copy()
    whole[live:] = size, 0
    np.testing.assert_array_equal(found.packed_info.numpy(), whole)
    np.testing.assert_array_equal(
        found.t_starts.numpy()[:size], free.intervals.t_starts.numpy()[:size]
    )


def test_nothing_is_read_back(device, reads_of_vars):
    arguments = scene()
    jt.sync(arguments[:4])
    ray_visible_padded(*arguments, enough(len(arguments[0])), 30000, step=3).features.sync()
    assert reads_of_vars == []
    ray_visible(*arguments, step=3)
    assert len(reads_of_vars) > 3  # one for each window: what is counted does count


def test_no_samples_at_all(device):
    arguments = scene()
    arguments[1] = -arguments[1][:50]
    arguments[0] = arguments[0][:50]
    found = ray_visible_padded(*arguments, enough(50), 1024, step=3)
    assert check_padding(found, 50, 1024) == 0
    assert found.live.numpy().all() and found.state.numpy().tolist() == [50, 50, 0, 0] + [0, 50] * 4


def test_same_bits_for_any_number_of_threads():
    def run():
        arguments = scene(500)
        found = ray_visible_padded(*arguments, enough(500), 4000, step=0)
        out = found.t_starts, found.ray_indices, found.packed_info, found.features, found.state
        return [v.numpy() for v in out]

    for one, two in zip(with_threads(1, run), with_threads(2, run), strict=True):
        np.testing.assert_array_equal(one, two)


def test_wrong_arguments_are_named():
    arguments = scene()
    with pytest.raises(ValueError, match=r"looks is \[32, 96, 384, 511\]; one ray may need"):
        ray_visible_padded(*arguments, [32, 96, 384, 511], 1024)
    with pytest.raises(ValueError, match="looks is .*; one ray may need"):
        ray_visible_padded(*arguments, [32], 1024)
    with pytest.raises(ValueError, match="capacity is 1023; one ray may need 1024 samples"):
        ray_visible_padded(*arguments, LENGTHS, 1023)
    arguments[:2] = [v[:0] for v in arguments[:2]]
    with pytest.raises(ValueError, match="there is no ray"):
        ray_visible_padded(*arguments, LENGTHS, 1024)
