"""grid_interp: reference against kernel, gradients, the boundary, edge cases."""

import jittor as jt
import numpy as np
import pytest
from finite_differences import row_gradient
from threads import with_threads

from jnerf.ops.grid_interp import grid_interp
from jnerf.ops.grid_interp.reference import grid_interp as reference


def arrays(n, n_dims, n_features, seed=0):
    random = np.random.default_rng(seed)
    shape = (5, 4, 3)[3 - n_dims :] + (n_features,)
    return random.random((n, n_dims)).astype(np.float32), random.normal(size=shape).astype(
        np.float32
    )


def value_and_gradients(positions, grid, grad_out, smoothstep):
    x, g = jt.array(positions), jt.array(grid)
    values = grid_interp(x, g, smoothstep)
    grads = jt.grad((values * jt.array(grad_out)).sum(), [x, g])
    return [values.numpy(), *(grad.numpy() for grad in grads)]


def grid_gradient(positions, grid, grad_out, smoothstep):
    """The value is linear in the grid: its gradient is the response to a one at each vertex."""
    gradient = np.zeros(grid.shape)
    for vertex in np.ndindex(grid.shape[:-1]):
        hat = np.zeros((*grid.shape[:-1], 1))
        hat[vertex] = 1
        gradient[vertex] = (reference(positions, hat, smoothstep) * grad_out).sum(0)
    return gradient


@pytest.mark.parametrize("n_dims", [2, 3])
@pytest.mark.parametrize("n_features", [1, 8, 11])
@pytest.mark.parametrize("smoothstep", [False, True])
def test_forward_and_backward_match_the_reference(device, n_dims, n_features, smoothstep):
    positions, grid = arrays(50, n_dims, n_features)
    positions[0], positions[1] = -0.5, 1.7  # outside: the face's value, no gradient across
    grad_out = np.random.default_rng(1).normal(size=(50, n_features)).astype(np.float32)
    values, grad_x, grad_g = value_and_gradients(positions, grid, grad_out, smoothstep)
    np.testing.assert_allclose(values, reference(positions, grid, smoothstep), atol=2e-6)
    numeric = row_gradient(lambda x: reference(x, grid, smoothstep), positions, grad_out)
    np.testing.assert_allclose(grad_x, numeric, atol=1e-4)
    np.testing.assert_array_equal(grad_x[:2], 0)
    expected = grid_gradient(positions, grid, grad_out, smoothstep)
    np.testing.assert_allclose(grad_g, expected, atol=5e-6)


@pytest.mark.parametrize("n_dims", [2, 3])
@pytest.mark.parametrize("smoothstep", [False, True])
def test_vertices_are_met_exactly(device, n_dims, smoothstep):
    _, grid = arrays(0, n_dims, 3)
    vertices = np.array(list(np.ndindex(grid.shape[:-1])))
    sizes = np.array(grid.shape[:-1])
    positions = (vertices / (sizes - 1))[:, ::-1].astype(np.float32)  # 0 and 1 are among them
    values = grid_interp(jt.array(positions), jt.array(grid), smoothstep).numpy()
    np.testing.assert_allclose(values, grid.reshape(-1, 3), atol=1e-6)


def test_slope_at_the_boundary_is_that_of_the_cell_inside(device):
    grid = np.array([0.0, 1.0, 4.0], np.float32)[None, :, None].repeat(2, 0)
    positions = np.array([[0.0, 0.5], [0.5, 0.5], [1.0, 0.5]], np.float32)
    _, grad, _ = value_and_gradients(positions, grid, np.ones((3, 1), np.float32), False)
    np.testing.assert_allclose(grad, [[2, 0], [6, 0], [6, 0]])


def test_values_far_outside_and_nan(device):
    _, grid = arrays(0, 3, 2)
    positions = np.array(
        [[1e30, -1e30, 3e38], [np.inf, -np.inf, np.inf], [np.nan, 0, 0]], np.float32
    )
    values, grad_x, grad_g = value_and_gradients(
        positions[:2], grid, np.ones((2, 2), np.float32), False
    )
    np.testing.assert_array_equal(values, grid[-1, 0, -1][None].repeat(2, 0))
    np.testing.assert_array_equal(grad_x, 0)
    assert grad_g[-1, 0, -1].tolist() == [2, 2] and grad_g.sum() == 4
    assert np.isnan(grid_interp(jt.array(positions[2:]), jt.array(grid)).numpy()).all()


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("n_dims", [2, 3])
def test_few_samples(device, n, n_dims):
    positions, grid = arrays(n, n_dims, 8)
    grad_out = np.ones((n, 8), np.float32)
    values, grad_x, grad_g = value_and_gradients(positions, grid, grad_out, False)
    assert values.shape == (n, 8) and grad_x.shape == (n, n_dims)
    np.testing.assert_allclose(values, reference(positions, grid), atol=1e-6)
    np.testing.assert_allclose(grad_g.sum(), 8 * n, rtol=1e-6)


def test_non_contiguous_input(device):
    positions, grid = arrays(30, 3, 4)
    strided = jt.array(np.hstack([positions, positions]))[::2, 3:]
    swapped = jt.array(np.ascontiguousarray(grid.transpose(3, 0, 1, 2))).transpose(1, 2, 3, 0)
    values = grid_interp(strided, swapped).numpy()
    np.testing.assert_allclose(values, reference(positions[::2], grid), atol=1e-6)


@pytest.mark.parametrize("n_dims", [2, 3])
def test_bits_do_not_depend_on_threads(n_dims):
    positions, grid = arrays(4001, n_dims, 8)
    grad_out = np.random.default_rng(3).normal(size=(4001, 8)).astype(np.float32)
    results = [
        with_threads(n, lambda: value_and_gradients(positions, grid, grad_out, False))
        for n in (1, 2, 7)
    ]
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"positions are float32 \[5, 4\]"):
        grid_interp(jt.zeros((5, 4)), jt.zeros((2, 2, 2, 1)))
    with pytest.raises(ValueError, match=r"the grid is float32 \[2, 2, 1\]; 3-D positions need"):
        grid_interp(jt.zeros((5, 3)), jt.zeros((2, 2, 1)))
    with pytest.raises(ValueError, match="at least 2 vertices"):
        grid_interp(jt.zeros((5, 2)), jt.zeros((1, 2, 1)))
