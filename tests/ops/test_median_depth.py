"""median_depth: reference against kernel, where the mean fails, edge cases."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.median_depth import median_depth, reference
from tests.ops.step_functions import histogram, single


def run(starts, ends, weights, packed, factors=None):
    arrays = single([weights, starts, ends, packed])
    return median_depth(*map(jt.array, arrays), factors).numpy()


def test_matches_the_reference(device):
    starts, ends, weights, packed = histogram([5, 0, 1, 33, 0, 2, 64])
    right = reference.median_depth(weights, starts, ends, packed)
    np.testing.assert_allclose(run(starts, ends, weights, packed), right, atol=1e-5)
    factors = np.linspace(0, 2, len(right))[:, None].astype(np.float32)
    right = reference.median_depth(weights, starts, ends, packed, factors)
    found = run(starts, ends, weights, packed, jt.array(factors))
    np.testing.assert_allclose(found, right, atol=1e-5)


def test_a_little_far_off_does_not_move_it(device):
    edges = np.array([0, 1, 1.01, 500, 1000])
    given = edges[:-1], edges[1:], np.array([0, 0.95, 0, 0.05]), np.int32([[0, 4]])
    assert run(*given).item() == pytest.approx(1.005, abs=1e-2)


@pytest.mark.parametrize("counts", [[], [0, 0], [3]])
def test_rays_without_weight(device, counts):
    starts, ends, weights, packed = histogram(counts)
    assert run(starts, ends, weights * 0, packed).tolist() == [[0.0]] * len(counts)
