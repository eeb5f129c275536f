"""Hierarchical sampling: reference against kernel, the distribution that is drawn from, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.ray_resample import ray_resample, reference
from tests.ops.march_rays import check_packed
from tests.ops.padded_intervals import check_padded


def intervals(counts, seed=0):
    """Abutting intervals with random widths and weights, packed."""
    random = np.random.default_rng(seed)
    starts, ends, weights = [], [], []
    for count in counts:
        edges = random.random() + np.cumsum(random.random(count + 1) + 0.01)
        starts.append(edges[:-1])
        ends.append(edges[1:])
        weights.append(random.random(count) ** 4)
    packed = np.stack([np.cumsum([0, *counts[:-1]]), counts], axis=1).astype(np.int32)
    return [np.concatenate(v).astype(np.float32) for v in (starts, ends, weights)] + [packed]


def run(arrays, *args, **kwargs):
    return ray_resample(*map(jt.array, arrays), *args, **kwargs)


@pytest.mark.parametrize("merge", [False, True])
@pytest.mark.parametrize("blur, padding", [(False, 1e-5), (True, 0.01)])
@pytest.mark.parametrize("step", [None, 7])
def test_matches_the_reference(device, merge, blur, padding, step):
    arrays = intervals([5, 0, 1, 33, 0, 64, 2])
    out = run(arrays, 24, merge, blur, padding, 3, step)
    starts, ends, packed = reference.ray_resample(*arrays, 24, merge, blur, padding, 3, step)
    np.testing.assert_array_equal(out.packed_info.numpy(), packed)
    check_packed(packed, out.ray_indices.numpy())
    np.testing.assert_allclose(out.t_starts.numpy(), starts, rtol=2e-5, atol=1e-5)
    np.testing.assert_allclose(out.t_ends.numpy(), ends, rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize("merge", [False, True])
def test_edges_are_sorted_and_inside(device, merge):
    arrays = intervals([64] * 50, seed=1)
    out = run(arrays, 128, merge, step=2)
    for ray in range(50):
        first, count = out.packed_info.numpy()[ray]
        rows = slice(first, first + count)
        starts, ends = out.t_starts.numpy()[rows], out.t_ends.numpy()[rows]
        assert (ends >= starts).all() and np.array_equal(starts[1:], ends[:-1])
        low, high = arrays[0][64 * ray], arrays[1][64 * ray + 63]
        assert low <= starts[0] and ends[-1] <= high
        if merge:
            assert starts[0] == low and ends[-1] == high
            assert set(arrays[0][64 * ray : 64 * ray + 64]) <= set(starts)


def test_points_follow_the_weights(device):
    """Of many points, each interval gets the share that is its weight's."""
    arrays = intervals([16])
    out = run(arrays, 100_000, step=1)
    found = np.histogram(out.t_starts.numpy(), np.append(arrays[0], arrays[1][-1]))[0] / 100_000
    np.testing.assert_allclose(found, arrays[2] / arrays[2].sum(), atol=1e-4)


def test_an_interval_with_all_weight_takes_all_points(device):
    starts, ends, weights, packed = intervals([10])
    weights = np.where(np.arange(10) == 6, np.float32(0.3), np.float32(0))
    out = run([starts, ends, weights, packed], 50)
    assert starts[6] <= out.t_starts.numpy().min() and out.t_ends.numpy().max() <= ends[6]


def test_blur_reaches_both_neighbours():
    weights = np.array([0, 0, 1.0, 0, 0])
    np.testing.assert_allclose(reference.blurred(weights), [0, 0.5, 1, 0.5, 0])


def test_no_weight_is_an_even_spread(device):
    starts, ends, weights, packed = intervals([8])
    out = run([starts, ends, np.zeros_like(weights), packed], 7)
    expected = reference.ray_resample(starts, ends, np.ones(8), packed, 7)
    np.testing.assert_allclose(out.t_starts.numpy(), expected[0], rtol=1e-5)


@pytest.mark.parametrize("merge", [False, True])
def test_padding_behind_the_same_samples(device, merge, reads_of_vars):
    arrays = intervals([5, 0, 1, 33, 0, 64, 2])
    longer = [np.concatenate([v, np.full(200, np.nan, np.float32)]) for v in arrays[:3]]
    reads_of_vars.clear()
    found = run([*longer, arrays[3]], 24, merge, padding=1e-5, step=7, padded=True)
    found.t_starts.sync()
    assert reads_of_vars == [] and len(found) == 7 * 24 + 305 * merge
    right = run(arrays, 24, merge, padding=1e-5, step=7)
    assert right.packed_info.shape[0] == 7
    check_padded(found, right)


def test_nothing_to_resample(device):
    nothing, none = np.zeros(0, np.float32), np.zeros((3, 2), np.int32)
    out = run([nothing, nothing, nothing, none], 4)
    assert len(out) == 0 and out.packed_info.shape == [3, 2]
    assert len(run([nothing, nothing, nothing, none[:0]], 4)) == 0


def test_same_bits_for_any_number_of_threads():
    arrays = intervals([17, 0, 40] * 100)
    runs = [with_threads(n, lambda: run(arrays, 20, True, step=4).t_starts.numpy()) for n in (1, 2)]
    np.testing.assert_array_equal(*runs)


def test_wrong_arguments_are_named():
    arrays = intervals([3])
    with pytest.raises(ValueError, match="n is 0 and padding 0.0; they must be at least 1 and 0"):
        run(arrays, 0)
    with pytest.raises(ValueError, match="padding -1"):
        run(arrays, 2, padding=-1)
