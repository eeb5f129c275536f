"""activate and weighted_sum: reference against kernel, gradients by finite differences, edge cases."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.activate import KINDS, activate
from jnerf.ops.activate import reference as activate_reference
from jnerf.ops.add_scaled import add_scaled
from jnerf.ops.add_scaled import reference as add_scaled_reference
from jnerf.ops.weighted_sum import clip_factor, weighted_sum
from jnerf.ops.weighted_sum import reference as sum_reference


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
        grad = jt.grad(y.sum(), [xv])[0].numpy()[:-1]
        assert np.isfinite(grad).all()
        np.testing.assert_allclose(grad, activate_reference.slope(x[:-1], kind), rtol=1e-5)
    assert list(activate(jt.zeros((0, 3)), "relu").shape) == [0, 3]
    with pytest.raises(ValueError, match=r"kind is 'elu'; choose one of none, relu"):
        activate(xv, "elu")
    with pytest.raises(ValueError, match=r"3 factors for 8 rows"):
        activate(xv, factors=jt.ones((3,)))


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


@pytest.mark.parametrize("kind", ["value", "magnitude", "square", "entropy", "rest_entropy"])
def test_what_is_summed(device, kind):
    """Of one number, of some, and of more than a chunk; gradients by finite differences."""
    random = np.random.default_rng(3)
    arrays = [random.uniform(0.01, 0.99, size) for size in (1, 50, 200_001)]
    if kind in ("value", "magnitude", "square"):
        arrays = [a - 0.5 for a in arrays]
    weights, kinds = [1.0, -2.0, 0.25], ["square", kind, kind]
    given = [jt.array(np.float32(a)) for a in arrays]
    found = weighted_sum(given, weights, None, kinds)
    right = sum_reference.weighted_sum(arrays, weights, None, kinds)
    np.testing.assert_allclose(found.numpy(), [right], rtol=2e-5)
    grads, h = jt.grad(found, given), 1e-6
    for grad, array, weight, f in zip(grads, arrays, weights, kinds, strict=True):
        for i in range(min(len(array), 50)):
            ahead, behind = (
                sum_reference.weighted_sum([array[i] + s], [weight], None, f) for s in (h, -h)
            )
            assert grad.numpy()[i] == pytest.approx((ahead - behind) / (2 * h), rel=1e-3, abs=1e-5)


def test_entropies_at_their_ends(device):
    x = jt.array(np.float32([0, 1, 1.0001]))
    for kind in ("entropy", "rest_entropy"):
        found = weighted_sum([x], [1.0], None, kind)
        right = sum_reference.weighted_sum([x.numpy()], [1.0], None, kind)
        assert found.item() == pytest.approx(right, abs=1e-6)
        assert np.isfinite(jt.grad(found, [x])[0].numpy()).all()
    with pytest.raises(ValueError, match=r"kind is 'cube'; choose one of value, magnitude"):
        weighted_sum([x], [1.0], None, "cube")


@pytest.mark.parametrize("n", [1, 3, 11])
def test_what_shortens_arrays(device, n):
    random = np.random.default_rng(n)
    arrays = [random.normal(size=k + 1).astype(np.float32) for k in range(n)]
    given = [jt.array(a) for a in (*arrays, np.zeros((0,), np.float32))]
    for longest in (1e-3, 0.5, 1e3):
        right = sum_reference.clip_factor(arrays, longest)
        np.testing.assert_allclose(clip_factor(given, longest).numpy(), [right], rtol=1e-5)
    assert clip_factor([jt.zeros((3,))], 1.0).item() == 1
    assert np.isnan(clip_factor([jt.array([1.0, np.nan])], 1.0).item())
    with pytest.raises(ValueError, match="1 arrays with elements and a length of 0"):
        clip_factor([jt.zeros((3,))], 0)


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
        with pytest.raises(ValueError, match=f"{len(arrays)} arrays, {len(weights)} weights"):
            weighted_sum(arrays, weights)


@pytest.mark.parametrize("adds", [False, True])
def test_rows_scaled_by_columns_and_added(device, adds):
    random = np.random.default_rng(8)
    rows, factors, add = (random.normal(size=s).astype(np.float32) for s in ((33, 3), 3, (33, 3)))
    given = [jt.array(v) for v in (rows, factors, add)]
    found = add_scaled(given[0], given[1], given[2] if adds else None)
    right = add_scaled_reference.add_scaled(rows, factors, add if adds else None)
    np.testing.assert_allclose(found.numpy(), right, rtol=1e-6, atol=1e-6)
    grads = jt.grad((found * given[2]).sum(), [given[0]])
    np.testing.assert_allclose(grads[0].numpy(), add * factors, rtol=1e-6)
    if adds:
        np.testing.assert_array_equal(jt.grad(found.sum(), [given[2]])[0].numpy(), 1)
    assert list(add_scaled(given[0][:0], given[1]).shape) == [0, 3]
    with pytest.raises(ValueError, match=r"shapes are \[\[33, 3\], \[2\]\]"):
        add_scaled(given[0], given[1][:2])
