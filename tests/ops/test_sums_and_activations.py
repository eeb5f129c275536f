"""activate and weighted_sum: reference against kernel, gradients by finite differences, edge cases."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.activate import KINDS, activate
from jnerf.ops.activate import reference as activate_reference
from jnerf.ops.trunc_exp import trunc_exp
from jnerf.ops.weighted_sum import reference as sum_reference
from jnerf.ops.weighted_sum import weighted_sum


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape, rows", [((301,), False), ((101, 3), False), ((101, 3), True)])
def test_activations_and_their_slopes(device, kind, shape, rows):
    random = np.random.default_rng(1)
    x, cotangent = random.normal(size=(2, *shape)) * 3
    factors = random.random(shape[0]) if rows else None
    how = {"bias": 0.3, "scale": 2.5, "offset": -0.125}
    given = None if factors is None else jt.array(np.float32(factors))
    xv = jt.array(np.float32(x))
    y = activate(xv, kind, factors=given, **how)
    right = activate_reference.activate(x, kind, factors=factors, **how)
    np.testing.assert_allclose(y.numpy(), right, rtol=1e-5, atol=1e-5)
    grad = jt.grad((y * jt.array(np.float32(cotangent))).sum(), [xv])[0].numpy()
    h = 1e-6
    ahead, behind = (
        activate_reference.activate(x + s, kind, factors=factors, **how) for s in (h, -h)
    )
    expected = (ahead - behind) / (2 * h) * cotangent
    np.testing.assert_allclose(grad, expected, rtol=1e-4, atol=1e-5)


def test_activations_at_their_ends(device):
    x = np.float32([-np.inf, -200, -16, 0, 16, 80, np.inf, np.nan])
    for kind in KINDS:
        xv = jt.array(x)
        y = activate(xv, kind)
        with np.errstate(invalid="ignore", over="ignore"):
            np.testing.assert_allclose(y.numpy(), activate_reference.activate(x, kind), rtol=1e-5)
        assert np.isfinite(jt.grad(y.sum(), [xv])[0].numpy()[:-1]).all()
    one, other = (jt.grad(f(xv).sum(), [xv])[0].numpy() for f in (trunc_exp, _exp))
    np.testing.assert_allclose(one, other, rtol=1e-6)  # the slope of the one is that of the other
    assert list(activate(jt.zeros((0, 3)), "relu").shape) == [0, 3]
    with pytest.raises(ValueError, match=r"kind is 'elu'; choose one of none, relu"):
        activate(xv, "elu")
    with pytest.raises(ValueError, match=r"3 factors for 8 rows"):
        activate(xv, factors=jt.ones((3,)))


def _exp(x):
    return activate(x, "exp")


@pytest.mark.parametrize("dropped", [None, 0, 30])
def test_sums_of_arrays(device, dropped):
    random = np.random.default_rng(2)
    arrays = [random.normal(size=shape) for shape in ((1,), (77, 3), (1001,))]
    weights = [2.0, 1 / 231, -0.5]
    live = None if dropped is None else (np.arange(77) < 77 - dropped)[:, None]
    given = [jt.array(np.float32(a)) for a in arrays]
    found = weighted_sum(given, weights, None if live is None else jt.array(np.float32(live)))
    right = sum_reference.weighted_sum(arrays, weights, live)
    np.testing.assert_allclose(found.numpy(), [right], rtol=1e-5)
    grads = [g.numpy() for g in jt.grad(found * 3, given)]  # its own gradient takes part
    share = 1 if live is None else live.mean()
    for grad, array, weight in zip(grads, arrays, weights, strict=True):
        np.testing.assert_allclose(grad, np.full(array.shape, 3 * weight / share), rtol=1e-5)


def test_sums_of_nothing_and_of_too_much(device):
    one = jt.array([4.0])
    found = weighted_sum([jt.zeros((0, 2)), one], [3.0, 0.5])
    assert found.item() == 2 and jt.grad(found, [one])[0].item() == 0.5
    assert weighted_sum([jt.zeros((0,))], [1.0]).item() == 0
    assert np.isnan(weighted_sum([one, jt.array([np.nan, 0])], [1.0, 0.0]).item())
    many = [jt.array([float(k)]) for k in range(20)]
    assert weighted_sum(many, range(20)).item() == sum(k * k for k in range(20))
    assert [g.item() for g in jt.grad(weighted_sum(many, range(20)), many)] == list(range(20))
    for arrays, weights in (([], []), ([one], [1.0, 2.0])):
        with pytest.raises(ValueError, match=f"{len(arrays)} arrays and {len(weights)} weights"):
            weighted_sum(arrays, weights)
