"""normed_weights: against the reference, its gradients, layers without normalisation."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.normed_weights import normed_weights
from jnerf.ops.normed_weights import reference as normed_reference

SHAPES = [(5, 39), (1, 1), (17, 16), (3, 300)]


def layers(normed=True, seed=0):
    random = np.random.default_rng(seed)
    found = []
    for n_out, n_in in SHAPES:
        g = random.random((n_out, 1)) + 0.5 if normed else None
        found.append((random.normal(size=(n_out, n_in)), g, random.normal(size=n_out)))
    return found


@pytest.mark.parametrize("normed", [True, False])
def test_parameters_and_gradients(device, normed):
    given = layers(normed)
    as_vars = [[None if v is None else jt.array(v.astype(np.float32)) for v in x] for x in given]
    right = normed_reference.normed_weights(given)
    found = normed_weights(as_vars)
    np.testing.assert_allclose(found.numpy(), right, rtol=1e-5, atol=1e-6)
    factors = np.random.default_rng(1).normal(size=len(right))
    total = (found * jt.array(factors.astype(np.float32))).sum()
    flat = [v for layer in as_vars for v in layer if v is not None]
    expected = normed_reference.normed_weights_grad(given, factors)
    expected = [v for layer in expected for v in layer if v is not None]
    for grad, one in zip(jt.grad(total, flat), expected, strict=True):
        np.testing.assert_allclose(grad.numpy(), one, rtol=1e-4, atol=1e-5)


def test_the_references_gradient_is_that_of_differences():
    given, h = layers(), 1e-6
    factors = np.random.default_rng(2).normal(size=len(normed_reference.normed_weights(given)))
    grads = normed_reference.normed_weights_grad(given, factors)
    for part in range(3):
        for place in ((0, 0), (2, 0)) if part < 2 else ((0,), (2,)):
            ends = []
            for sign in (1, -1):
                moved = [list(layer) for layer in given]
                moved[0][part] = moved[0][part].copy()
                moved[0][part][place] += sign * h
                ends.append(normed_reference.normed_weights(moved) @ factors)
            numeric = (ends[0] - ends[1]) / (2 * h)
            assert grads[0][part][place] == pytest.approx(numeric, rel=1e-6, abs=1e-8)


def test_a_row_of_zeros_is_not_hidden_and_wrong_shapes_are_named():
    v, g, b = jt.zeros((2, 3)), jt.ones((2, 1)), jt.zeros((2,))
    assert np.isnan(normed_weights([(v, g, b)]).numpy()[:6]).all()
    with pytest.raises(ValueError, match="0 layers; an MLP has 1 to 16"):
        normed_weights([])
    with pytest.raises(ValueError, match=r"layer 0 has parts \[\[2, 3\], \[2\], \[2\]\]"):
        normed_weights([(v, b, b)])
