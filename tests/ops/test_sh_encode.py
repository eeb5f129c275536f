"""sh_encode: orthonormality, the sign convention, reference against kernel, gradients, edge cases."""

import jittor as jt
import numpy as np
import pytest
from finite_differences import row_gradient
from threads import with_threads

from jnerf.ops.sh_encode import sh_encode
from jnerf.ops.sh_encode.reference import sh_encode as reference

DEGREES = range(1, 9)


def unit_vectors(n, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(n, 3))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def value_and_gradient(directions, grad_out, degree):
    x = jt.array(directions)
    values = sh_encode(x, degree)
    grad = jt.grad((values * jt.array(grad_out)).sum(), [x])[0]
    return values.numpy(), grad.numpy()


def test_reference_is_orthonormal_over_the_sphere():
    # Gauss-Legendre in z and equidistant azimuths integrate products of bands up to 7 exactly.
    z, weight = np.polynomial.legendre.leggauss(16)
    azimuth = 2 * np.pi * np.arange(32) / 32
    z, azimuth = (grid.ravel() for grid in np.meshgrid(z, azimuth, indexing="ij"))
    weight = np.repeat(weight, 32) * 2 * np.pi / 32
    rim = np.sqrt(1 - z**2)
    values = reference(np.stack([rim * np.cos(azimuth), rim * np.sin(azimuth), z], 1), 8)
    np.testing.assert_allclose((values * weight[:, None]).T @ values, np.eye(64), atol=1e-13)


def test_sign_convention():
    x, y, z = direction = unit_vectors(1)[0].astype(np.float64)
    expected = [
        0.28209479,
        -0.48860251 * y,
        0.48860251 * z,
        -0.48860251 * x,
        1.09254843 * x * y,
        -1.09254843 * y * z,
        0.94617470 * z * z - 0.31539157,
        -1.09254843 * x * z,
        0.54627422 * (x * x - y * y),
        0.59004359 * y * (-3 * x * x + y * y),
    ]
    np.testing.assert_allclose(
        reference(direction[None], 4)[0, :10], expected, rtol=1e-7, atol=1e-8
    )


@pytest.mark.parametrize("degree", DEGREES)
def test_forward_and_backward_match_the_reference(device, degree):
    directions = unit_vectors(257)
    directions[:3], directions[3:6] = np.eye(3), -np.eye(3)
    grad_out = np.random.default_rng(1).normal(size=(257, degree**2)).astype(np.float32)
    values, grad = value_and_gradient(directions, grad_out, degree)
    np.testing.assert_allclose(values, reference(directions, degree), atol=2e-6)
    expected = row_gradient(lambda x: reference(x, degree), directions, grad_out)
    np.testing.assert_allclose(grad, expected, atol=1e-5 * degree**2)


@pytest.mark.parametrize("n", [0, 1])
def test_few_samples(device, n):
    directions, grad_out = unit_vectors(n), np.ones((n, 16), np.float32)
    values, grad = value_and_gradient(directions, grad_out, 4)
    assert values.shape == (n, 16) and grad.shape == (n, 3)
    np.testing.assert_allclose(values, reference(directions, 4), atol=1e-6)


def test_non_contiguous_input(device):
    directions = unit_vectors(40)
    expected = reference(directions, 4)
    transposed = jt.array(np.ascontiguousarray(directions.T)).transpose(1, 0)
    np.testing.assert_allclose(sh_encode(transposed, 4).numpy(), expected, atol=1e-6)
    wide = jt.array(np.hstack([directions, directions]))
    np.testing.assert_allclose(
        sh_encode(wide[::2, 1:4], 4).numpy()[:, :1], expected[::2, :1], atol=1e-6
    )
    np.testing.assert_allclose(sh_encode(wide[::2, 3:], 4).numpy(), expected[::2], atol=1e-6)


def test_off_the_sphere_the_polynomial_is_evaluated(device):
    directions = np.array([[1e3, -2e3, 3e3], [0, 0, 0], [1e-3, 0.0, 0.0]], np.float32)
    np.testing.assert_allclose(
        sh_encode(jt.array(directions), 5).numpy(), reference(directions, 5), rtol=1e-5
    )


def test_nan_stays_nan(device):
    directions = unit_vectors(3)
    directions[1] = np.nan
    values, grad = value_and_gradient(directions, np.ones((3, 16), np.float32), 4)
    assert np.isnan(values[1, 1:]).all() and np.isnan(grad[1]).all()
    assert np.isfinite(values[[0, 2]]).all() and np.isfinite(grad[[0, 2]]).all()


def test_bits_do_not_depend_on_threads():
    directions, grad_out = unit_vectors(5001), np.random.default_rng(2).normal(size=(5001, 16))
    grad_out = grad_out.astype(np.float32)
    one, two = (
        with_threads(n, lambda: value_and_gradient(directions, grad_out, 4)) for n in (1, 2)
    )
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("degree", [0, 9])
def test_wrong_degree(degree):
    with pytest.raises(ValueError, match=f"degree is {degree}; choose 1 .. 8"):
        sh_encode(jt.zeros((1, 3)), degree)


def test_wrong_shape():
    with pytest.raises(ValueError, match=r"directions are float32 \[2, 4\]; give float32 \[S, 3\]"):
        sh_encode(jt.zeros((2, 4)), 4)
