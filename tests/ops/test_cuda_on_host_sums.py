"""The CUDA kernels of sums of whole arrays and of activations, run on the CPU, against the references."""

import numpy as np
import pytest

from jnerf.ops.activate import KINDS
from jnerf.ops.activate import reference as activate_reference
from jnerf.ops.weighted_sum import reference as sum_reference
from tests.ops.host_arrays import empty

SCRATCH = 8 + 2 + 2 * 512  # SUM_SCRATCH
SUMMANDS = ("value", "magnitude", "square", "entropy", "rest_entropy")


@pytest.fixture(scope="module")
def host(cuda_host):
    return cuda_host.library("sums")


def slope(function, x: np.ndarray, h: float = 1e-6) -> np.ndarray:
    """By differences in float64."""
    x = x.astype(np.float64)
    return (function(x + h) - function(x - h)) / (2 * h)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 700])
def test_activations(host, kind, n):
    random = np.random.default_rng(n)
    x, grad = (random.normal(size=(n, 3)).astype(np.float32) for _ in range(2))
    factors = random.random(n).astype(np.float32)
    values, grad_x = empty((n, 3), (n, 3))
    numbers = 0.25, 1.5, -0.5
    host.call("activated", 3 * n, KINDS.index(kind), *numbers, x, factors, 3, grad, values, grad_x)

    def right(v):
        return activate_reference.activate(v, kind, *numbers, factors)

    np.testing.assert_allclose(values, right(x.astype(np.float64)), rtol=1e-4, atol=1e-5)
    smooth = np.abs(x + numbers[0]) > 1e-4
    np.testing.assert_allclose(grad_x[smooth], (grad * slope(right, x))[smooth], 1e-3, 1e-4)


@pytest.mark.parametrize("kind", SUMMANDS)
@pytest.mark.parametrize("n, n_live", [(1, 0), (5000, 0), (300, 40)])
def test_sums(host, kind, n, n_live):
    random = np.random.default_rng(n)
    a, b = (random.random(size).astype(np.float32) for size in (n, 2 * n + 1))
    live = (np.arange(n_live) % 4 > 0).astype(np.float32)
    weights, grad = np.float32([0.75, -2.0]), np.float32([3.0])
    scratch, found, grad_a = empty((SCRATCH,), (1,), (n,))
    args = n, a, 2 * n + 1, b, weights, SUMMANDS.index(kind), live, n_live
    host.call("summed", *args, 0.0, grad, scratch, found, grad_a)
    counted = live if n_live else None
    right = sum_reference.weighted_sum([a, b], weights, counted, kind)
    np.testing.assert_allclose(found[0], right, rtol=1e-5)

    share = 1 if counted is None else live.mean()
    by_a = slope(sum_reference._SUMMANDS[kind], a) * weights[0] * grad[0] / share
    np.testing.assert_allclose(grad_a, by_a, rtol=2e-3, atol=1e-3)


def test_what_makes_arrays_no_longer_than_a_length(host):
    a, b = np.full(600, 2, np.float32), np.float32([1.0])
    scratch, found, grad_a = empty((SCRATCH,), (1,), (600,))
    ones = np.ones(2, np.float32)
    for longest in (1.5, 1e4):
        args = 600, a, 1, b, ones, SUMMANDS.index("square"), b, 0, longest
        host.call("summed", *args, b, scratch, found, grad_a)
        np.testing.assert_allclose(found[0], sum_reference.clip_factor([a, b], longest), 1e-6)
