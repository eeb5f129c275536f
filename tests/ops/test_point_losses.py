"""neighbour_variation, lod_inputs, relative_error: reference against kernel, gradients by differences, edge cases."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.lod_inputs import lod_inputs
from jnerf.ops.lod_inputs import reference as lod_reference
from jnerf.ops.neighbour_variation import neighbour_points, neighbour_variation
from jnerf.ops.neighbour_variation import reference as neighbour_reference
from jnerf.ops.relative_error import reference as error_reference
from jnerf.ops.relative_error import relative_error


def differences(function, x, h=1e-6):
    """Gradient of a scalar by central differences, in float64."""
    grad = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        moved = [x.copy() for _ in range(2)]
        moved[0][place] += h
        moved[1][place] -= h
        grad[place] = (function(moved[0]) - function(moved[1])) / (2 * h)
    return grad


def test_neighbour_points(device):
    how = 1 / 64, 7, 3, 128
    found = neighbour_points(50, *how)
    right = neighbour_reference.neighbour_points(50, *how)
    np.testing.assert_allclose(found.numpy(), right, rtol=1e-6)
    parts = found.numpy().reshape(4, 50, 3)
    assert parts.min() >= 0 and parts.max() <= 1 and found.is_stop_grad()
    np.testing.assert_allclose(parts[2] - parts[0], [[0, 1 / 64, 0]] * 50, atol=1e-6)


@pytest.mark.parametrize("shape", [(4, 1), (12, 2), (3, 20, 2)])
def test_neighbour_variation(device, shape):
    x = np.random.default_rng(0).normal(size=shape)
    xv = jt.array(np.float32(x))
    loss = neighbour_variation(xv, 0.25)

    def right(x):
        return neighbour_reference.neighbour_variation(x, 0.25)

    assert loss.item() == pytest.approx(right(x), rel=1e-5)
    grad = jt.grad(loss * 2, xv).numpy()
    np.testing.assert_allclose(grad, 2 * differences(right, x), rtol=1e-3, atol=1e-4)
    with pytest.raises(ValueError, match=r"the shape is \[6,? ?1?"):
        neighbour_variation(jt.zeros((6, 1)))


@pytest.mark.parametrize("levels, lods", [(1, [0]), (4, [0, 1, 2, 3]), (4, [1, 3]), (16, [15])])
def test_what_levels_of_detail_see(device, levels, lods):
    random = np.random.default_rng(1)
    unit, features = random.random((21, 3)), random.normal(size=(levels, 21, 5))
    given = [jt.array(np.float32(a)) for a in (unit, features)]
    found = lod_inputs(*given, lods)
    right = lod_reference.lod_inputs(np.float32(unit), np.float32(features), lods)
    for a, b in zip(found, right, strict=True):
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-5, atol=1e-6)
    cotangents = [random.normal(size=(21, 8)) for _ in lods]
    total = sum((f * jt.array(np.float32(c))).sum() for f, c in zip(found, cotangents, strict=True))
    by_unit, by_features = (g.numpy() for g in jt.grad(total, given))
    # linear: the gradient along a direction is the function of the direction
    du, df = random.random(unit.shape), random.normal(size=features.shape)
    moved = lod_reference.lod_inputs(du, df, lods)
    expected = sum((m * c).sum() for m, c in zip(moved, cotangents, strict=True))
    assert (by_unit * du).sum() + (by_features * df).sum() == pytest.approx(expected, rel=1e-4)
    if len(lods) > 1:  # a level that nothing depends on
        grad = jt.grad(lod_inputs(*given, lods)[0].sum(), given[1]).numpy()
        assert (grad[: lods[0] + 1] == 1).all() and (grad[lods[0] + 1 :] == 0).all()


def test_no_samples_and_levels_that_are_not_there(device):
    found = lod_inputs(jt.zeros((0, 3)), jt.zeros((2, 0, 4)), [0, 1])
    assert [list(f.shape) for f in found] == [[0, 7], [0, 7]]
    with pytest.raises(ValueError, match=r"levels \[2\]; give"):
        lod_inputs(jt.zeros((1, 3)), jt.zeros((2, 1, 4)), [2])


@pytest.mark.parametrize("kind", ["l1", "l2", "of_truth", "of_found"])
@pytest.mark.parametrize("columns, wide", [(1, 1), (4, 1), (3, 3)])
def test_errors(device, kind, columns, wide):
    random = np.random.default_rng(2)
    found, truth = random.normal(size=(19, columns)), random.normal(size=(19, wide))
    fv = jt.array(np.float32(found))
    loss = relative_error(fv, jt.array(np.float32(truth)), kind, 0.02, 1.5)
    how = truth, kind, 0.02, 1.5
    assert loss.item() == pytest.approx(error_reference.relative_error(found, *how), rel=1e-5)
    grad = jt.grad(loss * 3, fv).numpy()
    expected = 3 * differences(
        lambda x: error_reference.relative_error(x, *how, sizes=found), found
    )
    np.testing.assert_allclose(grad, expected, rtol=1e-3, atol=1e-5)


def test_errors_of_nothing_and_wrong_sizes(device):
    nothing = jt.zeros((0, 2))
    assert relative_error(nothing, jt.zeros((0, 1))).item() == 0
    exact = jt.array([[0.5]])
    assert jt.grad(relative_error(exact, jt.array([[0.5]]), "l1"), exact).item() == 0
    assert np.isnan(relative_error(exact, jt.array([[np.nan]]), "of_truth").item())
    with pytest.raises(ValueError, match=r"kind is 'l3'; choose one of l1, l2"):
        relative_error(exact, exact, "l3")
    with pytest.raises(ValueError, match=r"true ones \[2,"):
        relative_error(exact, jt.zeros((2, 1)))
