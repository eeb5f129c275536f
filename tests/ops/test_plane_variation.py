"""plane_variation: kernel against the reference, gradients by differences, threads."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.plane_interp import PlaneLayout
from jnerf.ops.plane_variation import plane_variation
from jnerf.ops.plane_variation.reference import plane_variation as reference


def value_and_gradient(table, layout):
    rows = jt.array(table)
    value = plane_variation(rows, layout)
    return value.item(), jt.grad(value * 3, [rows])[0].numpy()


@pytest.mark.parametrize("sizes, n_features", [((2,), 1), ((5, 3), 4), ((4, 2, 9), 32)])
def test_values_and_gradients_match_the_reference(device, sizes, n_features):
    layout = PlaneLayout(sizes, n_features)
    random = np.random.default_rng(0)
    table = random.normal(size=(layout.n_rows, n_features)).astype(np.float32)
    value, grad = value_and_gradient(table, layout)
    exact = table.astype(np.float64)
    assert value == pytest.approx(reference(exact, layout), rel=1e-5)
    for seed in range(3):
        way = np.random.default_rng(seed).normal(size=table.shape)
        ahead, behind = (reference(exact + h * way, layout) for h in (1e-5, -1e-5))
        assert (grad * way).sum() / 3 == pytest.approx((ahead - behind) / 2e-5, rel=1e-4)
    # each vertex alone: a plane's faces have fewer neighbours
    hat = np.zeros_like(exact)
    hat[0, 0] = 1
    expected = (
        reference(exact + 1e-5 * hat, layout) - reference(exact - 1e-5 * hat, layout)
    ) / 2e-5
    assert grad[0, 0] / 3 == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_planes_do_not_touch_one_another(device):
    """Constant planes of different height have no variation, wherever they lie in the table."""
    layout = PlaneLayout((3, 2), 2)
    heights = [np.full((g * g, 2), 10.0 * k) for k, g in enumerate((3, 3, 3, 2, 2, 2))]
    value, grad = value_and_gradient(np.concatenate(heights).astype(np.float32), layout)
    assert value == 0 and not grad.any()


def test_bits_do_not_depend_on_threads():
    layout = PlaneLayout((33, 64), 8)
    table = np.random.default_rng(0).normal(size=(layout.n_rows, 8)).astype(np.float32)
    results = [with_threads(n, lambda: value_and_gradient(table, layout)) for n in (1, 2, 7)]
    for value, grad in results[1:]:
        assert value == results[0][0]
        np.testing.assert_array_equal(grad, results[0][1])


def test_a_table_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"its layout needs float32 \[12, 4\]"):
        plane_variation(jt.zeros((11, 4)), PlaneLayout((2,), 4))
