"""Box and contraction against plain NumPy: where points go, and what happens to gradients, Gaussians and widths."""

import jittor as jt
import numpy as np
import pytest

from jnerf.errors import ConfigError
from jnerf.models.networks.space import SPACES, make_space, reference

BOX = np.float32([-1, 0, 1, 3, 2, 6])  # middle (1, 1, 3.5), half edges (2, 1, 2.5)


def points(n: int = 60, seed: int = 0) -> np.ndarray:
    """Near the box's middle, around its edge and far away, no two coordinates equally large."""
    random = np.random.default_rng(seed)
    distances = np.geomspace(0.05, 300, n)[:, None]
    directions = random.normal(size=(n, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return (directions * distances * [2, 1, 2.5] + [1, 1, 3.5]).astype(np.float32)


def expected(space: str, x: np.ndarray) -> np.ndarray:
    if space == "box":
        return (x - BOX[:3]) / (BOX[3:] - BOX[:3])
    return np.stack([reference.to_unit(p, BOX, space.split("_")[1]) for p in x])


def jacobians(space: str, x: np.ndarray) -> np.ndarray:
    if space == "box":
        return np.tile(np.diag(1 / (BOX[3:] - BOX[:3])), (len(x), 1, 1)).astype(np.float64)
    return np.stack([reference.jacobian(p, BOX, space.split("_")[1]) for p in x])


@pytest.mark.parametrize("name", SPACES)
def test_points_go_where_the_reference_says(name, device):
    x = points()
    found = make_space(name, BOX)(jt.array(x)).numpy()
    np.testing.assert_allclose(found, expected(name, x), rtol=2e-5, atol=2e-6)
    if name != "box":
        assert found.min() > 0 and found.max() < 1


@pytest.mark.parametrize("name", SPACES[1:])
def test_the_box_is_the_middle_half_and_the_map_has_no_jump(name):
    space = make_space(name, BOX)
    corners = jt.array(np.float32([[-1, 1, 3.5], [3, 1, 3.5], [1, 1, 3.5]]))
    np.testing.assert_allclose(space(corners).numpy()[:, 0], [0.25, 0.75, 0.5])
    inside, outside = (
        space(jt.array(np.float32([[1 + 2 * r, 1, 3.5]]))).numpy() for r in (1 - 1e-4, 1 + 1e-4)
    )
    assert np.abs(inside - outside).max() < 1e-4


@pytest.mark.parametrize("name", SPACES)
def test_gradients_are_pulled_back_by_the_transposed_jacobian(name, device):
    x, grad = points(), np.random.default_rng(1).normal(size=(60, 3)).astype(np.float32)
    right = np.einsum("sij,si->sj", jacobians(name, x), grad)
    scale = np.abs(right).max(1, keepdims=True)
    space, var = make_space(name, BOX), jt.array(x)
    var.requires_grad = True
    by_jittor = jt.grad((space(var) * jt.array(grad)).sum(), var).numpy()
    np.testing.assert_allclose(by_jittor / scale, right / scale, atol=2e-3)
    pulled = space.pull(jt.array(x), jt.array(grad), 2.0).numpy()
    np.testing.assert_allclose(pulled / scale, 2 * right / scale, atol=4e-3)


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("whole", [False, True])
def test_gaussians_follow_to_first_order(name, whole, device):
    x, random = points(), np.random.default_rng(2)
    root = random.normal(size=(60, 3, 3)) * 0.1
    covariances = root @ root.transpose(0, 2, 1)
    if not whole:
        covariances = covariances * np.eye(3)
    j = jacobians(name, x)
    right = j @ covariances @ j.transpose(0, 2, 1)
    given = covariances if whole else np.einsum("sii->si", covariances)
    means, found = make_space(name, BOX).gaussians(jt.array(x), jt.array(given.astype(np.float32)))
    np.testing.assert_allclose(means.numpy(), expected(name, x), rtol=2e-5, atol=2e-6)
    right = right if whole else np.einsum("sii->si", right)
    scale = np.abs(right).reshape(60, -1).max(1).reshape([60] + [1] * (right.ndim - 1))
    np.testing.assert_allclose(found.numpy() / scale, right / scale, atol=4e-3)


@pytest.mark.parametrize("name", SPACES)
def test_widths_shrink_by_the_root_of_the_determinant(name):
    x = points()
    right = 0.3 * np.abs(np.linalg.det(jacobians(name, x))) ** (1 / 3)
    found = make_space(name, BOX).widths(jt.array(x), jt.ones((60,)) * 0.3).numpy()
    np.testing.assert_allclose(found, right, rtol=3e-3)


@pytest.mark.parametrize("name", SPACES)
def test_everything_is_finite_in_the_middle_on_the_edge_and_very_far_away(name):
    x = np.float32([[1, 1, 3.5], [3, 1, 3.5], [3, 2, 6], [1e12, 1, 3.5], [1e12, 1e12, -1e12]])
    space, var = make_space(name, BOX), jt.array(x)
    var.requires_grad = True
    unit = space(var)
    ones = jt.ones((5, 3))
    found = [
        unit,
        jt.grad(unit.sum(), var),
        space.gaussians(var, ones)[1],
        space.widths(var, jt.ones((5,))),
        space.pull(var, ones),
    ]
    assert all(np.isfinite(v.numpy()).all() for v in found)


def test_the_unit_box_leaves_points_alone_and_an_unknown_name_lists_the_others():
    x = jt.array(points())
    assert make_space("box", np.float32([0, 0, 0, 1, 1, 1]))(x) is x
    with pytest.raises(
        ConfigError, match="space is 'sphere'; choose one of box, contraction_l2, con"
    ):
        make_space("sphere", BOX)


def test_a_box_of_two_dimensions():
    space = make_space("box", np.float32([0, 0, 2, 4]))
    np.testing.assert_allclose(space(jt.array(np.float32([[1, 1]]))).numpy(), [[0.5, 0.25]])
    assert space.edge == 4
