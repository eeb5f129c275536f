"""frequency_encode: reference against kernel, gradients, range reduction, edge cases."""

import jittor as jt
import numpy as np
import pytest
from finite_differences import row_gradient
from threads import with_threads

from jnerf.ops.frequency_encode import frequency_encode
from jnerf.ops.frequency_encode.reference import frequency_encode as reference


def powers(n):
    return (2.0 ** np.arange(n)).astype(np.float32)


def points(n, n_dims, seed=0):
    """Multiples of 2^-20 in [0, 1): ``2 x - 1`` and its multiples by powers of two are exact in float32."""
    return (np.random.default_rng(seed).integers(0, 2**20, (n, n_dims)) / 2**20).astype(np.float32)


def value_and_gradient(x, frequencies, grad_out, **options):
    x = jt.array(x)
    values = frequency_encode(x, jt.array(frequencies), **options)
    grad = jt.grad((values * jt.array(grad_out)).sum(), [x])[0]
    return values.numpy(), grad.numpy()


@pytest.mark.parametrize(
    "n_dims, n_frequencies", [(3, 10), (3, 4), (2, 6), (1, 1), (3, 17), (5, 14), (27, 2)]
)
@pytest.mark.parametrize("include_input", [True, False])
def test_forward_and_backward_match_the_reference(device, n_dims, n_frequencies, include_input):
    x, frequencies = points(65, n_dims), powers(n_frequencies)
    x[0], x[1] = 0, 1
    options = {"include_input": include_input, "scale": 2.0, "offset": -1.0}
    expected = reference(x, frequencies, **options)
    grad_out = np.random.default_rng(1).normal(size=expected.shape).astype(np.float32)
    values, grad = value_and_gradient(x, frequencies, grad_out, **options)
    np.testing.assert_allclose(values, expected, atol=2e-7)
    fastest = 2.0 ** max(n_frequencies, 1)
    numeric = row_gradient(
        lambda x: reference(x, frequencies, **options), x, grad_out, h=1e-4 / fastest
    )
    np.testing.assert_allclose(grad, numeric, atol=1e-5 * fastest)


def test_frequencies_that_are_no_powers_of_two(device):
    x, frequencies = points(33, 3), np.linspace(1, 8, 5).astype(np.float32)
    grad_out = np.ones((33, 33), np.float32)
    values, grad = value_and_gradient(x, frequencies, grad_out)
    np.testing.assert_allclose(values, reference(x, frequencies), atol=3e-6)
    numeric = row_gradient(lambda x: reference(x, frequencies), x, grad_out)
    np.testing.assert_allclose(grad, numeric, atol=1e-3)


@pytest.mark.parametrize("n_dims, n_frequencies", [(3, 5), (2, 17), (20, 2)])
def test_weights_of_frequencies(device, n_dims, n_frequencies):
    x, frequencies = points(33, n_dims), powers(n_frequencies)
    weights = np.linspace(1, 0, n_frequencies).astype(np.float32)
    options = {"scale": 2.0, "offset": -1.0, "weights": weights}
    expected = reference(x, frequencies, **options)
    grad_out = np.random.default_rng(1).normal(size=expected.shape).astype(np.float32)
    given = options | {"weights": jt.array(weights)}
    values, grad = value_and_gradient(x, frequencies, grad_out, **given)
    np.testing.assert_allclose(values, expected, atol=2e-7)
    assert (values[:, -2 * n_dims :] == 0).all()
    h = 1e-4 / 2.0**n_frequencies
    numeric = row_gradient(lambda x: reference(x, frequencies, **options), x, grad_out, h=h)
    np.testing.assert_allclose(grad, numeric, atol=1e-5 * 2.0**n_frequencies)
    with pytest.raises(ValueError, match=r"weights are float32 \[1\]; give float32 \[\d+\]"):
        frequency_encode(jt.array(x), jt.array(frequencies), weights=jt.ones((1,)))


def test_sine_is_accurate_over_many_periods(device):
    x = np.linspace(-64, 64, 100_001).astype(np.float32)[:, None]
    values = frequency_encode(jt.array(x), jt.array(powers(1))).numpy()
    np.testing.assert_allclose(values, reference(x, powers(1)), atol=1.5e-7)


def test_quarter_turns_are_exact(device):
    x = np.array([[-1], [-0.5], [0], [0.5], [1], [1.5], [2], [1e6 + 0.5]], np.float32)
    values = frequency_encode(jt.array(x), jt.array(powers(1)), include_input=False).numpy()
    expected = [[0, -1], [-1, 0], [0, 1], [1, 0], [0, -1], [-1, 0], [0, 1], [1, 0]]
    np.testing.assert_array_equal(values, expected)


def test_large_and_non_finite_values(device):
    x = np.array([[3e38], [-1e30], [np.inf], [np.nan]], np.float32)
    values = frequency_encode(jt.array(x), jt.array(powers(1))).numpy()
    np.testing.assert_array_equal(values[:2, 1:], [[0, 1], [0, 1]])  # even integers
    assert np.isnan(values[2:, 1:]).all() and np.isnan(values[3]).all()


@pytest.mark.parametrize("n", [0, 1])
def test_few_samples(device, n):
    x, grad_out = points(n, 3), np.ones((n, 27), np.float32)
    values, grad = value_and_gradient(x, powers(4), grad_out)
    assert values.shape == (n, 27) and grad.shape == (n, 3)
    np.testing.assert_allclose(values, reference(x, powers(4)), atol=1e-6)


def test_no_frequencies(device):
    x = points(4, 3)
    np.testing.assert_array_equal(frequency_encode(jt.array(x), jt.zeros((0,))).numpy(), x)
    assert frequency_encode(jt.zeros((4, 3)), jt.zeros((0,)), include_input=False).shape == [4, 0]


def test_non_contiguous_input(device):
    x = points(20, 6)
    expected = reference(x[::2, 1:4], powers(4))
    values = frequency_encode(jt.array(x)[::2, 1:4], jt.array(powers(4))).numpy()
    np.testing.assert_allclose(values, expected, atol=1e-6)
    transposed = jt.array(np.ascontiguousarray(x.T)).transpose(1, 0)
    values = frequency_encode(transposed, jt.array(powers(4))).numpy()
    np.testing.assert_allclose(values, reference(x, powers(4)), atol=1e-6)


def test_bits_do_not_depend_on_threads():
    x, grad_out = points(3001, 3), np.random.default_rng(3).normal(size=(3001, 63))
    grad_out = grad_out.astype(np.float32)
    one, two = (
        with_threads(n, lambda: value_and_gradient(x, powers(10), grad_out)) for n in (1, 2)
    )
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"x is float32 \[3\]; give float32 \[S, D\]"):
        frequency_encode(jt.zeros((3,)), jt.zeros((2,)))
    with pytest.raises(ValueError, match=r"frequencies are int32 \[2\]"):
        frequency_encode(jt.zeros((1, 3)), jt.zeros((2,), dtype="int32"))
