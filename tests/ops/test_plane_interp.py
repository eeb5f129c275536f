"""plane_interp: reference against kernel, gradients of both orders, the axes, faces, edge cases."""

import jittor as jt
import numpy as np
import pytest
from finite_differences import row_gradient
from threads import with_threads

from jnerf.ops.plane_interp import (
    AXES,
    PlaneLayout,
    plane_interp,
    plane_interp_gradient,
    plane_interp_known,
)
from jnerf.ops.plane_interp.reference import plane_interp as reference
from jnerf.ops.plane_interp.reference import plane_interp_grad

COMBINATIONS = ("product", "sum", "mean", "concat")


def arrays(layout, n, seed=0):
    random = np.random.default_rng(seed)
    positions = random.random((n, 3)).astype(np.float32)
    table = random.uniform(0.3, 1.5, (layout.n_rows, layout.n_features)).astype(np.float32)
    shape = layout.groups, n, layout.width
    return positions, table, random.normal(size=shape).astype(np.float32)


def value_and_gradients(positions, table, grad_out, layout):
    x, t = jt.array(positions), jt.array(table)
    features = plane_interp(x, t, layout)
    grads = jt.grad((features * jt.array(grad_out)).sum(), [x, t])
    return [features.numpy(), *(grad.numpy() for grad in grads)]


def gradient_and_its_gradients(positions, table, v, g, layout):
    x, t, w = jt.array(positions).stop_grad(), jt.array(table), jt.array(v)
    normals = plane_interp_gradient(x, t, w, layout)
    grads = jt.grad((normals * jt.array(g)).sum(), [t, w])
    return [normals.numpy(), *(grad.numpy() for grad in grads)]


def table_gradient(function, table, rows, h=1e-6):
    """Central differences of a scalar by some rows of the table, float64."""
    table, found = table.astype(np.float64), []
    for row in rows:
        for f in range(table.shape[1]):
            values = []
            for sign in (1, -1):
                moved = table.copy()
                moved[row, f] += sign * h
                values.append(function(moved))
            found.append((values[0] - values[1]) / (2 * h))
    return np.array(found).reshape(len(rows), -1)


@pytest.mark.parametrize("width", [1, 2, 4, 8, 16, 32])
def test_results_that_go_past_the_caches_are_the_same(width):
    """Stores past the caches begin where the memory allows it: rows of any width, arrays at any address."""
    layout = PlaneLayout(resolutions=(8, 9), n_features=width, combine="product")
    n = 2**20 // width // 2 + 77  # 4 MiB and a little
    positions, table, _ = arrays(layout, n)
    x, t = jt.array(positions), jt.array(table)
    kept = []
    for size in (1, 9, 17, 25):  # arrays before it, so that it does not always begin at the same multiple of 64 bytes
        kept.append(jt.ones((size,)))
        kept[-1].sync()
        found = plane_interp(x, t, layout).numpy()
        some = np.r_[:100, n // 2 : n // 2 + 100, n - 100 : n]
        few = plane_interp(jt.array(positions[some]), t, layout).numpy()
        np.testing.assert_array_equal(found[:, some], few)


@pytest.mark.parametrize("combine", COMBINATIONS)
@pytest.mark.parametrize("summed", [False, True])
def test_gradients_of_the_reference_are_right(combine, summed):
    layout = PlaneLayout((4, 3), 2, combine, summed)
    positions, table, grad_out = (a.astype(np.float64) for a in arrays(layout, 6))
    grad_x, grad_t = plane_interp_grad(positions, table, layout, grad_out)
    numeric = sum(
        row_gradient(lambda x, g=g: reference(x, table, layout)[g], positions, grad_out[g])
        for g in range(layout.groups)
    )
    np.testing.assert_allclose(grad_x, numeric, atol=1e-7)
    rows = range(0, layout.n_rows, 7)
    numeric = table_gradient(
        lambda t: (reference(positions, t, layout) * grad_out).sum(), table, rows
    )
    np.testing.assert_allclose(grad_t[list(rows)], numeric, atol=1e-7)


@pytest.mark.parametrize("combine", COMBINATIONS)
@pytest.mark.parametrize("summed", [False, True])
@pytest.mark.parametrize("n_features", [1, 8, 32])
def test_forward_and_backward_match_the_reference(device, combine, summed, n_features):
    layout = PlaneLayout((5, 9), n_features, combine, summed)
    positions, table, grad_out = arrays(layout, 150)
    positions[0], positions[1] = (-0.5, 0.3, 0.4), (1.7, -2, 0.2)  # outside: the face's value
    found = value_and_gradients(positions, table, grad_out, layout)
    exact = [a.astype(np.float64) for a in (positions, table, grad_out)]
    np.testing.assert_allclose(found[0], reference(*exact[:2], layout), rtol=1e-5, atol=1e-5)
    grad_x, grad_t = plane_interp_grad(*exact[:2], layout, exact[2])
    np.testing.assert_allclose(found[1], grad_x, rtol=1e-4, atol=2e-3)
    assert found[1][0, 0] == 0 and (found[1][1, :2] == 0).all()
    np.testing.assert_allclose(found[2], grad_t, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("combine", COMBINATIONS)
@pytest.mark.parametrize("summed", [False, True])
def test_second_derivatives_match_differences_of_the_reference(device, combine, summed):
    layout = PlaneLayout((4, 6), 4, combine, summed)
    positions, table, v = arrays(layout, 40)
    g = np.random.default_rng(5).normal(size=(40, 3)).astype(np.float32)
    normals, of_table, of_v = gradient_and_its_gradients(positions, table, v, g, layout)
    exact = [a.astype(np.float64) for a in (positions, table, v)]

    def scalar(t, w):
        return (plane_interp_grad(exact[0], t, layout, w)[0] * g).sum()

    expected = plane_interp_grad(*exact[:2], layout, exact[2])[0]
    np.testing.assert_allclose(normals, expected, rtol=1e-4, atol=1e-3)
    rows = range(0, layout.n_rows, 5)
    numeric = table_gradient(lambda t: scalar(t, exact[2]), table, rows)
    np.testing.assert_allclose(of_table[list(rows)], numeric, rtol=1e-4, atol=1e-3)
    # linear in v: the whole gradient against one direction
    direction = np.random.default_rng(6).normal(size=v.shape)
    assert (of_v * direction).sum() == pytest.approx(scalar(exact[1], direction), rel=1e-4)


def test_the_planes_are_xy_xz_and_yz():
    """EG3D's released table has (z, x) for the third: a transposed second plane instead of yz."""
    assert AXES == ((0, 1), (0, 2), (1, 2))
    layout = PlaneLayout((3,), 1, "concat")
    x = np.float32([0.2, 0.5, 0.9])
    grid = np.linspace(0, 1, 3, dtype=np.float32)
    first, second = np.meshgrid(grid, grid)  # rows of a plane run along its first axis
    for weights in ((1, 0), (0, 1)):
        plane = (weights[0] * first + weights[1] * second).reshape(-1, 1)
        found = plane_interp(jt.array(x[None]), jt.array(np.tile(plane, (3, 1))), layout).numpy()
        expected = [x[a] if weights[0] else x[b] for a, b in ((0, 1), (0, 2), (1, 2))]
        np.testing.assert_allclose(found[0, 0], expected, atol=1e-6)


def test_a_product_is_an_and_and_a_sum_is_not():
    """One spot on each plane is a spot in space for a product, a cross of beams for a sum."""
    spot = np.zeros((5, 5), np.float32)
    spot[2, 2] = 1
    table = jt.array(np.tile(spot.reshape(-1, 1), (3, 1)))
    x = jt.array(np.float32([[0.5, 0.5, 0.5], [0.5, 0.5, 0.0], [0.0, 0.0, 0.0]]))
    product = plane_interp(x, table, PlaneLayout((5,), 1, "product")).numpy().ravel()
    total = plane_interp(x, table, PlaneLayout((5,), 1, "sum")).numpy().ravel()
    np.testing.assert_array_equal(product, [1, 0, 0])
    np.testing.assert_array_equal(total, [3, 1, 0])


@pytest.mark.parametrize("combine", COMBINATIONS)
def test_vertices_are_met_exactly_on_all_faces(device, combine):
    layout = PlaneLayout((3,), 4, combine)
    grid = np.linspace(0, 1, 3)
    positions = np.stack(np.meshgrid(grid, grid, grid), -1).reshape(-1, 3).astype(np.float32)
    _, table, _ = arrays(layout, 0)
    planes = table.reshape(3, 3, 3, 4)
    at = (positions * 2).astype(int)
    looks = [planes[p, at[:, b], at[:, a]] for p, (a, b) in enumerate(AXES)]
    combined = {
        "product": np.prod(looks, 0),
        "sum": np.sum(looks, 0),
        "mean": np.mean(looks, 0),
        "concat": np.concatenate(looks, 1),
    }[combine]
    found = plane_interp(jt.array(positions), jt.array(table), layout).numpy()
    np.testing.assert_allclose(found[0], combined, rtol=1e-6)


def test_values_far_outside_and_nan(device):
    layout = PlaneLayout((4,), 2, "product")
    _, table, _ = arrays(layout, 0)
    far = np.float32([[1e30, -1e30, 3e38], [np.inf, -np.inf, np.inf]])
    corner = reference(np.array([[1.0, 0.0, 1.0]]), table.astype(np.float64), layout)
    found = value_and_gradients(far, table, np.ones((1, 2, 2), np.float32), layout)
    np.testing.assert_allclose(found[0], np.repeat(corner, 2, 1), rtol=1e-6)
    np.testing.assert_array_equal(found[1], 0)
    assert np.isfinite(found[2]).all()
    nan = jt.array(np.float32([[np.nan, 0.5, 0.5]]))
    assert np.isnan(plane_interp(nan, jt.array(table), layout).numpy()).all()


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("combine", COMBINATIONS)
def test_few_samples(device, n, combine):
    layout = PlaneLayout((4, 5), 8, combine)
    positions, table, grad_out = arrays(layout, n)
    found = value_and_gradients(positions, table, grad_out, layout)
    assert found[0].shape == (2, n, layout.width) and found[1].shape == (n, 3)
    expected = plane_interp_grad(positions, table, layout, grad_out)[1]
    np.testing.assert_allclose(found[2], expected, rtol=1e-4, atol=1e-5)
    assert plane_interp_gradient(
        jt.array(positions), jt.array(table), jt.array(grad_out), layout
    ).shape == [n, 3]


def test_what_is_known_gives_the_same_gradients(device):
    layout = PlaneLayout((5, 9), 8, "product")
    positions, table, grad_out = arrays(layout, 60)
    x, t = jt.array(positions), jt.array(table)
    with jt.no_grad():
        features = plane_interp(x, t, layout)
    again = plane_interp_known(x, t, features, layout)
    found = [
        again.numpy(),
        *(g.numpy() for g in jt.grad((again * jt.array(grad_out)).sum(), [x, t])),
    ]
    for a, b in zip(found, value_and_gradients(positions, table, grad_out, layout), strict=True):
        np.testing.assert_array_equal(a, b)


def test_non_contiguous_input(device):
    layout = PlaneLayout((4,), 4, "sum")
    positions, table, _ = arrays(layout, 30)
    strided = jt.array(np.hstack([positions, positions]))[::2, 3:]
    turned = jt.array(np.ascontiguousarray(table.T)).transpose(1, 0)
    found = plane_interp(strided, turned, layout).numpy()
    np.testing.assert_allclose(found, reference(positions[::2], table, layout), rtol=1e-5)


@pytest.mark.parametrize("combine", ["product", "mean"])
@pytest.mark.parametrize("summed", [False, True])
def test_bits_do_not_depend_on_threads(combine, summed):
    layout = PlaneLayout((7, 16), 16, combine, summed)
    positions, table, grad_out = arrays(layout, 12001)
    g = np.ones_like(positions)

    def run():
        first = value_and_gradients(positions, table, grad_out, layout)
        return first + gradient_and_its_gradients(positions, table, grad_out, g, layout)

    results = [with_threads(n, run) for n in (1, 2, 7)]
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_wrong_arguments():
    layout = PlaneLayout((4,), 2)
    table = jt.zeros((48, 2))
    with pytest.raises(ValueError, match=r"positions are float32 \[5, 2\]; give float32 \[S, 3\]"):
        plane_interp(jt.zeros((5, 2)), table, layout)
    with pytest.raises(ValueError, match=r"the table is float32 \[47, 2\]; its layout needs"):
        plane_interp(jt.zeros((5, 3)), jt.zeros((47, 2)), layout)
    with pytest.raises(ValueError, match=r"the features have shape \[1, 4, 2\]"):
        plane_interp_known(jt.zeros((5, 3)), table, jt.zeros((1, 4, 2)), layout)
    with pytest.raises(ValueError, match=r"v has shape \[1, 5, 3\]"):
        plane_interp_gradient(jt.zeros((5, 3)), table, jt.zeros((1, 5, 3)), layout)
    for options, message in (
        ({"resolutions": ()}, "there are 0 resolutions"),
        ({"resolutions": (4, 1)}, "each must be in 2"),
        ({"n_features": 0}, "n_features is 0"),
        ({"combine": "max"}, "choose one of product, sum, mean, concat"),
    ):
        with pytest.raises(ValueError, match=message):
            PlaneLayout(**options)
