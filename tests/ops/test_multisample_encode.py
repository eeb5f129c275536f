"""multisample_encode and level_squares: kernels against references, limits of the weights, gradients, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.hash_encode import HashGridLayout, hash_encode
from jnerf.ops.hash_encode import reference as hashed
from jnerf.ops.level_squares import level_sizes, level_squares
from jnerf.ops.level_squares import reference as squares
from jnerf.ops.multisample_encode import multisample_encode, reference

SMALL = {"n_levels": 4, "table_size": 2**9, "min_resolution": 4, "max_resolution": 32}


def layout_of(n_features=2, centred=True):
    return HashGridLayout(**SMALL, n_features=n_features, centred=centred)


def arrays(layout, n, n_points=6, seed=0, dtype=np.float32):
    random = np.random.default_rng(seed)
    points = random.random((n_points, n, 3))
    widths = 10.0 ** random.uniform(-4, 0, (n_points, n))
    table = random.normal(size=(layout.n_rows, layout.n_features))
    sizes = random.random(layout.n_levels)
    return [a.astype(dtype) for a in (points, widths, table, sizes)]


def op(points, widths, table, sizes, layout, factor=1.0):
    scales, meta = jt.array(layout.scales).stop_grad(), jt.array(layout.meta).stop_grad()
    return multisample_encode(points, widths, table, scales, meta, layout, sizes, factor)


def test_centred_layout_of_the_paper():
    """Levels of 16 2^l cells, dense to 128; rows as counted of the published code."""
    rows = []
    for finest, n_levels, features in ((512, 6, 1), (2048, 8, 1), (8192, 10, 4)):
        layout = HashGridLayout(n_levels, features, 2**21, 16, finest, centred=True)
        assert list(layout.resolutions) == [16 * 2**k for k in range(n_levels)]
        assert list(layout.scales) == list(layout.resolutions)
        assert layout.dense.sum() == 4
        rows.append(layout.n_rows)
    assert rows == [6_590_464, 10_784_768, 14_979_072]


def test_centred_levels_have_vertices_in_the_middle_of_cells(device):
    layout = HashGridLayout(1, 1, 2**9, 4, 4, centred=True)
    table = np.arange(64, dtype=np.float32).reshape(-1, 1)
    x = np.float32([[0.125, 0.125, 0.125], [0.375, 0.125, 0.125], [0.25, 0.125, 0.125]])
    x = np.concatenate([x, np.float32([[0, 0, 0], [1, 1, 1], [0.875, 0.875, 0.875]])])
    scales, meta = jt.array(layout.scales), jt.array(layout.meta)
    found = hash_encode(jt.array(x), jt.array(table), scales, meta, layout).numpy()[0, :, 0]
    assert found.tolist() == [0, 1, 0.5, 0, 63, 63]


@pytest.mark.parametrize("sized", [False, True])
@pytest.mark.parametrize("n_features", [1, 2, 4, 8])
@pytest.mark.parametrize("centred", [False, True])
def test_forward_and_backward_match_the_reference(device, n_features, sized, centred):
    layout = layout_of(n_features, centred)
    n = 77
    points, widths, table, sizes = arrays(layout, n)
    sizes = sizes if sized else None
    given = [jt.array(a) for a in (points, widths, table)]
    out = op(*given, jt.array(sizes) if sized else None, layout, 10.0)
    exact = [a.astype(np.float64) for a in (points, widths, table)]
    right = reference.multisample_encode(*exact, layout, sizes, 10.0)
    np.testing.assert_allclose(out.numpy(), right, rtol=1e-4, atol=2e-4)
    grad = np.random.default_rng(1).normal(size=right.shape)
    found = jt.grad((out * jt.array(grad.astype(np.float32))).sum(), [given[0], given[2]])
    right = reference.multisample_grad(*exact, layout, grad, 10.0)
    np.testing.assert_allclose(found[0].numpy(), right[0], rtol=1e-3, atol=2e-2)
    np.testing.assert_allclose(found[1].numpy(), right[1], rtol=1e-3, atol=1e-3)


def test_reference_gradients_by_finite_differences():
    layout = layout_of()
    points, widths, table, _ = arrays(layout, 5, dtype=np.float64)
    grad = np.random.default_rng(1).normal(size=(4, 5, 2))
    of_points, of_table = reference.multisample_grad(points, widths, table, layout, grad, 3.0)
    random, h = np.random.default_rng(2), 1e-7

    def slope(way, at):
        ahead, behind = (
            (reference.multisample_encode(*at(s * h * way), layout, factor=3.0) * grad).sum()
            for s in (1, -1)
        )
        return (ahead - behind) / (2 * h)

    for _ in range(5):
        way = random.normal(size=points.shape)
        assert slope(way, lambda d: (points + d, widths, table)) == pytest.approx(
            (of_points * way).sum(), rel=1e-5
        )
        way = random.normal(size=table.shape)
        assert slope(way, lambda d: (points, widths, table + d)) == pytest.approx(
            (of_table * way).sum(), rel=1e-6
        )


def test_weights_are_those_of_the_error_function():
    """Its approximation by a root is off by less than 0.7 %; no width counts 1, a wide one falls as 1 / width."""
    from math import erf

    widths = np.geomspace(1e-4, 1e2, 50)
    exact = np.array([erf(1 / (np.sqrt(8) * width * 16)) for width in widths])
    found = reference.level_weights(widths, 16)
    np.testing.assert_allclose(found, exact, atol=0.007)
    assert reference.level_weights(np.zeros(1), 16) == 1
    wide = reference.level_weights(np.array([1e3, 1e4]), 16)
    assert wide[0] / wide[1] == pytest.approx(10, rel=1e-4)


def test_points_without_width_are_a_plain_lookup_and_wide_ones_vanish(device):
    layout = layout_of()
    points, _, table, sizes = (jt.array(a) for a in arrays(layout, 40, 1))
    scales, meta = jt.array(layout.scales), jt.array(layout.meta)
    plain = hash_encode(points[0], table, scales, meta, layout).numpy()
    found = op(points, jt.zeros((1, 40)), table, sizes, layout).numpy()
    np.testing.assert_allclose(found[..., :2], plain, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[..., 2], np.repeat(sizes.numpy()[:, None], 40, 1), rtol=1e-6)
    found = op(points, jt.ones((1, 40)) * 1e20, table, sizes, layout).numpy()
    assert np.abs(found[..., :2]).max() == 0
    np.testing.assert_allclose(found[..., 2], -np.repeat(sizes.numpy()[:, None], 40, 1), rtol=1e-6)


def test_same_bits_for_any_number_of_threads(device):
    layout = layout_of(4)
    n = 1300

    def run():
        points, widths, table, sizes = (jt.array(a) for a in arrays(layout, n))
        out = op(points, widths, table, sizes, layout)
        return [v.numpy() for v in (out, *jt.grad(jt.sqr(out).sum(), [points, table]))]

    for one, two in zip(with_threads(1, run), with_threads(2, run), strict=True):
        assert np.array_equal(one, two)


def test_positions_that_are_data_get_no_gradient_and_bad_shapes_are_refused(device):
    layout = layout_of()
    points, widths, table, sizes = (jt.array(a) for a in arrays(layout, 3))
    out = op(points.stop_grad(), widths, table, sizes, layout)
    assert np.abs(jt.grad(out.sum(), table).numpy()).max() > 0
    empty = op(points[:, :0], widths[:, :0], table, sizes, layout)
    assert empty.shape == [4, 0, 3]
    with pytest.raises(ValueError, match=r"widths has shape \[5, 3\]; expected \[6, 3\]"):
        op(points, widths[:5], table, sizes, layout)
    with pytest.raises(ValueError, match=r"sizes has shape \[3\]; expected \[4\]"):
        op(points, widths, table, sizes[:3], layout)
    flat = HashGridLayout(**SMALL, n_dims=2)
    with pytest.raises(ValueError, match="6 points of 2 dimensions; give at least 1, of 3"):
        op(points, widths, jt.zeros((flat.n_rows, 2)), sizes, flat)


@pytest.mark.parametrize("n_features", [1, 4])
def test_level_squares(device, n_features):
    layout = layout_of(n_features)
    table = np.random.default_rng(0).normal(size=(layout.n_rows, n_features))
    given = jt.array(table.astype(np.float32))
    found = level_squares(given, jt.array(layout.meta), layout)
    np.testing.assert_allclose(found.numpy(), squares.level_squares(table, layout), rtol=1e-5)
    sizes = level_sizes(given, jt.array(layout.meta), layout, 0.25)
    np.testing.assert_allclose(sizes.numpy(), squares.level_sizes(table, layout, 0.25), rtol=1e-5)
    way, h = np.random.default_rng(1).normal(size=table.shape), 1e-5
    by = np.arange(1.0, layout.n_levels + 1)
    ahead, behind = ((squares.level_squares(table + s * way, layout) * by).sum() for s in (h, -h))
    grad = jt.grad((found * jt.array(by.astype(np.float32))).sum(), given).numpy()
    assert (grad * way).sum() == pytest.approx((ahead - behind) / (2 * h), rel=1e-4)
    with pytest.raises(ValueError, match="level_squares: the table has shape"):
        level_squares(given[1:], jt.array(layout.meta), layout)


def test_centred_corners_add_up_everywhere():
    layout = layout_of()
    x = np.concatenate(
        [np.zeros((1, 3)), np.ones((1, 3)), np.random.default_rng(0).random((50, 3))]
    )
    for level in range(layout.n_levels):
        weights = [corner.weights for corner in hashed.corners(x, layout, level, False)]
        np.testing.assert_allclose(np.sum(weights, 0), 1, rtol=1e-12)
        assert min(w.min() for w in weights) > -1e-12
