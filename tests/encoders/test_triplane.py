"""TriplaneEncoder: sizes, initial features, what it tells networks and losses, learning, messages."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.base import as_rows
from jnerf.encoders.triplane import TriplaneEncoder
from jnerf.errors import ConfigError
from jnerf.ops.plane_interp import reference
from jnerf.ops.plane_variation.reference import plane_variation
from jnerf.registry import ENCODERS


def points(n=30):
    return np.random.default_rng(0).random((n, 3)).astype(np.float32)


@pytest.mark.parametrize("combine", ["product", "sum", "mean", "concat"])
@pytest.mark.parametrize("scales", ["concat", "sum"])
def test_values(device, combine, scales):
    config = {"type": "TriplaneEncoder", "resolutions": [5, 9], "n_features": 4}
    config |= {"combine": combine, "scales": scales}
    encoder = ENCODERS.build(config, path="encoder", n_dims=3)
    width, groups = 12 if combine == "concat" else 4, 1 if scales == "sum" else 2
    assert (encoder.n_dims, encoder.out_dim) == (3, width * groups)
    assert [tuple(p.shape) for p in encoder.parameters()] == [(3 * (25 + 81), 4)]
    assert encoder.finest_cell == 1 / 8
    found = encoder(jt.array(points())).numpy()
    assert found.shape == (groups, 30, width)
    expected = reference.plane_interp(points(), encoder.planes.numpy(), encoder.layout)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert as_rows(jt.array(found)).shape == [30, encoder.out_dim]


def test_the_published_sizes():
    kplanes = TriplaneEncoder()
    assert kplanes.out_dim == 96 and kplanes.planes.numel() == 33_030_144
    wisp = TriplaneEncoder([33, 65, 129, 257], 4, "concat", "sum", "normal", (0.0, 0.01))
    assert wisp.out_dim == 12 and wisp.planes.numel() == 1_056_048


def test_initial_features_follow_the_seed_and_the_rule():
    first, again, other = (TriplaneEncoder([16], 8, seed=s).planes.numpy() for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.99
    assert 0.1 <= first.min() < 0.105 and 0.495 < first.max() <= 0.5
    normal = TriplaneEncoder([64], 8, "sum", init="normal", init_range=(0.5, 0.01)).planes.numpy()
    assert normal.mean() == pytest.approx(0.5, abs=1e-3) and normal.std() == pytest.approx(
        0.01, rel=0.02
    )


def test_normals_can_be_learned_from(device):
    """``pull`` gives the gradient by position; what it gives has gradients of its own."""
    encoder = TriplaneEncoder([6, 9], 4, seed=3)
    x = jt.array(points()).stop_grad()
    weights = np.random.default_rng(1).normal(size=(30, 8)).astype(np.float32)
    features = encoder(x)
    normals = encoder.pull(x, features, jt.array(weights))
    grouped = weights.reshape(30, 2, 4).transpose(1, 0, 2)
    expected = reference.plane_interp_grad(
        points(), encoder.planes.numpy(), encoder.layout, grouped
    )
    np.testing.assert_allclose(normals.numpy(), expected[0], rtol=1e-4, atol=1e-4)
    grad = jt.grad((normals * normals).sum(), [encoder.planes])[0].numpy()
    assert np.isfinite(grad).all() and np.abs(grad).max() > 0


def test_what_is_known_comes_back_with_its_gradients(device):
    encoder = TriplaneEncoder([6], 4)
    x = jt.array(points())
    with jt.no_grad():
        features = encoder(x)
    again = encoder.known(x, features)
    grads = [jt.grad((f * f).sum(), [encoder.planes])[0].numpy() for f in (again, encoder(x))]
    np.testing.assert_array_equal(*grads)


def test_it_tells_its_variation(device):
    encoder = TriplaneEncoder([6, 4], 4)
    value = encoder.variation()
    expected = plane_variation(encoder.planes.numpy(), encoder.layout)
    assert value.item() == pytest.approx(expected, rel=1e-5)


def test_only_a_product_learns_what_is_true_on_all_three_planes(device):
    """A ball is no sum of functions of (x, y), (x, z) and (y, z); it is nearly a product of such."""
    x = np.random.default_rng(0).random((3000, 3)).astype(np.float32)
    target = jt.array((np.abs(x - 0.5).max(1, keepdims=True) < 0.25).astype(np.float32))
    errors = {}
    for combine in ("product", "sum"):
        encoder = TriplaneEncoder([9], 1, combine, init_range=(0.4, 0.6))
        for _ in range(150):
            loss = ((encoder(jt.array(x))[0] - target) ** 2).mean()
            grad = jt.grad(loss, [encoder.planes])[0]
            encoder.planes.update(encoder.planes - 20 * grad)
        errors[combine] = loss.item()
    assert errors["product"] < 0.5 * errors["sum"], errors


@pytest.mark.parametrize(
    "options, message",
    [
        ({"resolutions": [1]}, "each must be in 2"),
        ({"resolutions": []}, "there are 0 resolutions"),
        ({"n_features": 0}, "n_features is 0"),
        ({"n_dims": 2}, "the scene has 2 dimensions, planes are for 3: choose DenseGridEncoder"),
        ({"combine": "max"}, "choose one of product, sum, mean, concat"),
        ({"scales": "mean"}, "choose 'concat' or 'sum'"),
        ({"init": "zeros"}, "choose 'uniform' with"),
        ({"init_range": (0.5, 0.1)}, "the highest value must not be below the lowest"),
        ({"init": "normal", "init_range": (0.0, -1.0)}, "nor a standard deviation below 0"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError, match=message):
        TriplaneEncoder(**options)
