"""distortion: reference against kernel, gradients by finite differences, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.distortion import distortion, reference
from tests.ops.step_functions import histogram, single, slope

COUNTS = [5, 0, 1, 33, 0, 2]


def run(arrays, cotangent=None):
    given = [jt.array(a) for a in single(arrays)]
    loss = distortion(*given)
    if cotangent is None:
        return loss.numpy()
    return loss.numpy(), jt.grad((loss * jt.array(cotangent)).sum(), given[2]).numpy()


def test_value_and_gradient(device):
    arrays = histogram(COUNTS)
    cotangent = np.random.default_rng(1).normal(size=len(COUNTS))
    loss, grad = run(arrays, cotangent.astype(np.float32))
    np.testing.assert_allclose(loss, reference.distortion(*arrays), rtol=1e-5, atol=1e-7)
    starts, ends, weights, packed = arrays
    numeric = slope(lambda w: reference.distortion(starts, ends, w, packed) @ cotangent, weights)
    np.testing.assert_allclose(grad, numeric, rtol=1e-4, atol=1e-6)


def test_one_interval_is_a_third_of_its_width(device):
    one = [np.array([0.2]), np.array([0.5]), np.array([0.7]), np.int32([[0, 1]])]
    np.testing.assert_allclose(run(one), 0.7**2 * 0.3 / 3, rtol=1e-6)


def test_one_place_costs_nothing(device):
    """All edges equal, or no weight at all: 0, and a gradient without NaN."""
    same = [np.full(4, 0.5), np.full(4, 0.5), np.full(4, 0.2), np.int32([[0, 4]])]
    loss, grad = run(same, np.ones(1, np.float32))
    assert loss == 0 and not grad.any()
    starts, ends, weights, packed = histogram([9])
    loss, grad = run([starts, ends, weights * 0, packed], np.ones(1, np.float32))
    assert loss == 0 and not grad.any()


def test_far_from_zero_nothing_cancels(device):
    """Distances in metres: the difference of prefix sums would leave three digits."""
    starts, ends, weights, packed = histogram([64])
    moved = [starts + 4096, ends + 4096]
    right = reference.distortion(
        *(v.astype(np.float32).astype(float) for v in moved), weights, packed
    )
    np.testing.assert_allclose(run([*moved, weights, packed]), right, rtol=1e-5)


def test_padding_gets_no_gradient(device):
    arrays = histogram([3, 7])
    longer = [np.concatenate([v, np.full(5, np.nan)]) for v in arrays[:3]] + arrays[3:]
    loss, grad = run(longer, np.ones(2, np.float32))
    right, exact = run(arrays, np.ones(2, np.float32))
    np.testing.assert_array_equal(loss, right)
    np.testing.assert_array_equal(grad, [*exact, *np.zeros(5)])


@pytest.mark.parametrize("counts", [[], [0, 0]])
def test_nothing_to_sum(device, counts):
    assert run(histogram(counts)).tolist() == [0.0] * len(counts)


def test_same_bits_for_any_number_of_threads():
    arrays = histogram([17, 0, 40] * 100)
    runs = [with_threads(n, lambda: run(arrays, np.ones(300, np.float32))) for n in (1, 2)]
    for one, two in zip(*runs, strict=True):
        np.testing.assert_array_equal(one, two)


def test_sizes_that_differ_are_named():
    starts, ends, weights, packed = histogram([3])
    with pytest.raises(ValueError, match=r"have shapes \[\[3\], \[3\], \[2\]\]; they must agree"):
        run([starts, ends, weights[:2], packed])
