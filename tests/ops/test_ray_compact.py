"""Early ray termination: reference against kernel, and the budget."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.common.pack import pack_counts
from jnerf.ops.ray_compact import ray_compact, reference
from jnerf.ops.ray_compact.op import windows
from tests.ops.march_rays import check_packed
from tests.threads import with_threads


def packed_samples(n_rays: int, seed: int, density: float):
    random = np.random.default_rng(seed)
    packed, total = pack_counts(random.integers(0, 60, n_rays))
    lengths = random.uniform(0.001, 0.01, total).astype(np.float32)
    t_starts = np.cumsum(lengths).astype(np.float32)
    sigmas = random.exponential(density, total).astype(np.float32)
    return t_starts, t_starts + lengths, packed, sigmas


def lookup(t_starts, sigmas, asked=None):
    """A density function that finds its samples by their (unique, ascending) t_starts."""

    def sigma_fn(starts, ends, ray_indices):
        if asked is not None:
            asked.append(starts.shape[0])
        assert list(ends.shape) == list(ray_indices.shape) == list(starts.shape)
        return jt.array(sigmas[np.searchsorted(t_starts, starts.numpy())])

    return sigma_fn


def compare(samples, asked=None, first_window=8, **kwargs):
    sigma_fn = lookup(samples[0], samples[3], asked)
    out = ray_compact(
        *(jt.array(v) for v in samples[:3]), sigma_fn, first_window=first_window, **kwargs
    )
    rows, packed, wanted = reference.ray_compact(*samples, **kwargs)
    np.testing.assert_array_equal(out.packed_info.numpy(), packed)
    np.testing.assert_array_equal(out.t_starts.numpy(), samples[0][rows])
    np.testing.assert_array_equal(out.t_ends.numpy(), samples[1][rows])
    check_packed(packed, out.ray_indices.numpy())
    assert out.wanted == wanted
    return out


@pytest.mark.parametrize("density", [0.0, 50.0, 1e4])
def test_keeps_what_can_be_seen(device, density):
    samples = packed_samples(200, 1, density)
    out = compare(samples)
    assert (len(out) == len(samples[0])) == (density == 0)


def test_transmittance_is_tested_before_the_sample(device):
    lengths, sigmas = np.ones(4, np.float32), np.float32([5, 5, 5, 5])
    starts = np.arange(4, dtype=np.float32)
    packed = np.int32([[0, 4]])
    samples = (starts, starts + lengths, packed, sigmas)
    assert len(compare(samples, early_stop=1e-4)) == 2  # T = 1, 6.7e-3 | 4.5e-5
    assert len(compare(samples, early_stop=0.5)) == 1
    assert len(compare(samples, early_stop=0.0)) == 4


def test_infinite_density_ends_a_ray_and_negative_does_not(device):
    starts = np.arange(6, dtype=np.float32)
    packed = np.int32([[0, 3], [3, 3]])
    out = compare((starts, starts + 1, packed, np.float32([np.inf, 1, 1, -1, 0, 2])))
    assert out.packed_info.numpy().tolist() == [[0, 1], [1, 3]]


@pytest.mark.parametrize("share", [0.01, 0.5, 1.0])
def test_budget_drops_whole_rays_from_the_end(device, share):
    samples = packed_samples(300, 2, 50.0)
    free = compare(samples)
    budget = int(len(free) * share)
    out = compare(samples, max_samples=budget)
    assert budget - 60 < len(out) <= budget and out.wanted == len(free)
    n = len(out)
    np.testing.assert_array_equal(out.t_starts.numpy(), free.t_starts.numpy()[:n])


def test_budget_below_the_first_ray(device):
    starts = np.arange(3, dtype=np.float32)
    out = compare((starts, starts + 1, np.int32([[0, 3]]), np.zeros(3, np.float32)), max_samples=2)
    assert len(out) == 0 and out.wanted == 3


def test_many_rays_cross_the_tiles_of_the_scan(device):
    compare(packed_samples(5000, 3, 20.0), max_samples=60000)


@pytest.mark.parametrize("n_rays", [0, 3])
def test_nothing_in_nothing_out(device, n_rays):
    nothing = np.zeros(0, np.float32)
    out = compare((nothing, nothing, np.zeros((n_rays, 2), np.int32), nothing))
    assert len(out) == 0 and list(out.packed_info.shape) == [n_rays, 2]


def test_same_bits_for_any_number_of_threads():
    arrays = packed_samples(500, 4, 50.0)
    samples, sigma_fn = [jt.array(v) for v in arrays[:3]], lookup(arrays[0], arrays[3])

    def run():
        out = ray_compact(*samples, sigma_fn, max_samples=4000)
        return [v.numpy() for v in (out.t_starts, out.t_ends, out.ray_indices, out.packed_info)]

    for one, two in zip(with_threads(1, run), with_threads(2, run), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("first_window", [1, 3, 64])
def test_windows_change_what_is_asked_and_nothing_else(device, first_window):
    samples, asked = packed_samples(300, 5, 100.0), []
    out = compare(samples, asked, first_window)
    assert len(out) <= sum(asked) <= len(samples[0])
    if first_window == 1:
        assert sum(asked) < 0.7 * len(samples[0])


def test_windows_cover_the_longest_ray_without_gap():
    spans = list(windows(1024))
    assert spans[0][0] == 0 and spans[-1][0] + spans[-1][1] >= 1024
    assert all(a + n == b for (a, n), (b, _) in zip(spans[:-1], spans[1:], strict=True))


def test_wrong_arguments_are_named():
    a, b, info = jt.zeros((3,)), jt.zeros((2,)), jt.array(np.int32([[0, 3]]))
    with pytest.raises(ValueError, match=r"must both be \[S\]"):
        ray_compact(a, b, info, lambda *_: a)
    with pytest.raises(ValueError, match="max_samples is -1"):
        ray_compact(a, a, info, lambda *_: a, max_samples=-1)
    with pytest.raises(ValueError, match=r"sigma_fn gave \[2\] densities for 3 samples"):
        ray_compact(a, a, info, lambda *_: b)
