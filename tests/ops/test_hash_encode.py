"""hash_encode: golden layout, reference against kernel, gradients, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.hash_encode import HashGridLayout, hash_encode, hash_encode_known, reference

SMALL = {"n_levels": 5, "table_size": 2**9, "min_resolution": 4, "max_resolution": 40}


def op(positions, table, layout, smoothstep=False):
    scales, meta = jt.array(layout.scales), jt.array(layout.meta)
    return hash_encode(positions, table, scales.stop_grad(), meta.stop_grad(), layout, smoothstep)


def arrays(layout, n, seed=0, dtype=np.float32):
    random = np.random.default_rng(seed)
    positions = random.random((n, layout.n_dims)).astype(dtype)
    table = random.normal(size=(layout.n_rows, layout.n_features)).astype(dtype)
    return positions, table


def test_golden_layout_of_the_paper():
    layout = HashGridLayout()
    assert layout.growth == pytest.approx(1.3819128, abs=1e-7)
    assert list(layout.resolutions) == (
        [16, 23, 31, 43, 59, 81, 112, 154, 213, 295, 407, 562, 777, 1073, 1483, 2048]
    )
    assert list(layout.dense) == [True] * 5 + [False] * 11
    assert layout.n_rows * 2 == 12_196_240


@pytest.mark.parametrize(
    "max_resolution, growth, n_params",
    [(8192, 1.5157166, 13_074_912), (32768, 1.6624758, 13_623_184)],
)
def test_golden_layout_of_larger_boxes(max_resolution, growth, n_params):
    layout = HashGridLayout(max_resolution=max_resolution)
    assert layout.growth == pytest.approx(growth, abs=1e-7)
    assert layout.n_rows * 2 == n_params


def test_leading_levels_are_those_of_the_whole():
    for whole in (HashGridLayout(), HashGridLayout(n_levels=1), HashGridLayout(max_resolution=777)):
        for k in range(1, whole.n_levels + 1):
            part = whole.leading(k)
            np.testing.assert_array_equal(part.scales, whole.scales[:k])
            np.testing.assert_array_equal(part.meta, whole.meta[:k])
            assert part.n_rows == whole.offsets[k] and part.leading(1) == whole.leading(1)
    with pytest.raises(ValueError, match="spread is 3; it must be at least n_levels = 16"):
        HashGridLayout(spread=3)


def test_golden_layout_of_eight_levels():
    layout = HashGridLayout(n_levels=8, n_features=4)
    assert layout.growth == pytest.approx(2)
    assert list(layout.resolutions[layout.dense]) == [16, 32, 64]
    assert layout.n_rows * 4 == 11_681_792


@pytest.mark.parametrize("n_dims", [2, 3])
@pytest.mark.parametrize("n_features", [1, 2, 4, 8])
@pytest.mark.parametrize("smoothstep", [False, True])
def test_forward_and_backward_match_the_reference(device, n_dims, n_features, smoothstep):
    layout = HashGridLayout(**SMALL, n_dims=n_dims, n_features=n_features)
    positions, table = arrays(layout, 333)
    grad_out = np.random.default_rng(1).normal(size=(5, 333, n_features)).astype(np.float32)
    x, t = jt.array(positions), jt.array(table)
    out = op(x, t, layout, smoothstep)
    expected = reference.hash_encode(positions, table, layout, smoothstep)
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-4, atol=2e-5)
    grads = jt.grad((out * jt.array(grad_out)).sum(), [x, t])
    expected = reference.hash_encode_grad(positions, table, layout, grad_out, smoothstep)
    np.testing.assert_allclose(grads[0].numpy(), expected[0], rtol=1e-3, atol=2e-2)
    np.testing.assert_allclose(grads[1].numpy(), expected[1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("n_features, n", [(1, 270_001), (2, 131_073), (2, 131_591), (8, 32_771)])
def test_large_results_have_the_bits_of_small_ones(device, n_features, n):
    """Above 4 MiB features are stored past the caches, in lines that hold 64 bytes wherever a level begins."""
    layout = HashGridLayout(**SMALL, n_features=n_features)
    positions, table = arrays(layout, n)
    t = jt.array(table)
    whole = op(jt.array(positions), t, layout).numpy()
    assert whole.nbytes > 2**22
    for begin in range(0, n, 20_000):
        part = op(jt.array(positions[begin : begin + 20_000]), t, layout).numpy()
        assert np.array_equal(whole[:, begin : begin + 20_000], part)


@pytest.mark.parametrize("smoothstep", [False, True])
def test_reference_gradients_by_finite_differences(smoothstep):
    layout = HashGridLayout(**SMALL)
    positions, table = arrays(layout, 20, dtype=np.float64)
    grad_out = np.random.default_rng(1).normal(size=(5, 20, 2))

    def loss(x, t):
        return (reference.hash_encode(x, t, layout, smoothstep) * grad_out).sum()

    grad_x, grad_t = reference.hash_encode_grad(positions, table, layout, grad_out, smoothstep)
    h = 1e-7
    for i in range(20):
        for d in range(3):
            step = np.zeros_like(positions)
            step[i, d] = h
            numeric = (loss(positions + step, table) - loss(positions - step, table)) / (2 * h)
            assert numeric == pytest.approx(grad_x[i, d], rel=1e-4, abs=1e-4)
    for row in np.argsort(-np.abs(grad_t[:, 0]))[:20]:
        step = np.zeros_like(table)
        step[row, 0] = h
        numeric = (loss(positions, table + step) - loss(positions, table - step)) / (2 * h)
        assert numeric == pytest.approx(grad_t[row, 0], rel=1e-5, abs=1e-6)


def test_table_size_need_not_be_a_power_of_two(device):
    layout = HashGridLayout(n_levels=3, table_size=1000, min_resolution=8, max_resolution=64)
    positions, table = arrays(layout, 100)
    out = op(jt.array(positions), jt.array(table), layout).numpy()
    np.testing.assert_allclose(
        out, reference.hash_encode(positions, table, layout), rtol=1e-4, atol=1e-5
    )


def test_borders_and_positions_outside_the_box(device):
    layout = HashGridLayout(**SMALL)
    table = arrays(layout, 1)[1]
    positions = np.array([[0, 0, 0], [1, 1, 1], [0, 1, 0.5], [-3, 2, 0.5], [1e9, -1e9, 1]], "f")
    out = op(jt.array(positions), jt.array(table), layout).numpy()
    np.testing.assert_allclose(
        out, reference.hash_encode(positions, table, layout), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("n_dims, n_features", [(3, 2), (3, 1), (2, 4)])
def test_the_last_row_and_its_neighbour_beyond(device, n_dims, n_features):
    """At the upper border the last dense row is followed by row 0, not by the next level."""
    layout = HashGridLayout(**SMALL, n_dims=n_dims, n_features=n_features)
    table = arrays(layout, 1)[1]
    positions = np.random.default_rng(5).choice(np.float32([0.5, 0.99, 1]), (40, n_dims))
    grad_out = np.random.default_rng(6).normal(size=(5, 40, n_features)).astype(np.float32)
    t = jt.array(table)
    out = op(jt.array(positions).stop_grad(), t, layout)
    grad = jt.grad((out * jt.array(grad_out)).sum(), [t])[0]
    expected = reference.hash_encode(positions, table, layout)
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-4, atol=1e-5)
    expected = reference.hash_encode_grad(positions, table, layout, grad_out)[1]
    np.testing.assert_allclose(grad.numpy(), expected, rtol=1e-4, atol=1e-4)


def test_nan_positions_give_nan_and_touch_no_foreign_memory(device):
    layout = HashGridLayout(**SMALL)
    positions, table = arrays(layout, 40)
    positions[7] = np.nan
    out = op(jt.array(positions), jt.array(table), layout).numpy()
    assert np.isnan(out[:, 7]).all() and np.isfinite(np.delete(out, 7, axis=1)).all()


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 513])
def test_any_number_of_samples(device, n):
    layout = HashGridLayout(**SMALL)
    positions, table = arrays(layout, n)
    out = op(jt.array(positions), jt.array(table), layout)
    assert list(out.shape) == [5, n, 2]
    if n:
        np.testing.assert_allclose(
            out.numpy(), reference.hash_encode(positions, table, layout), rtol=1e-4, atol=1e-5
        )


def test_non_contiguous_positions(device):
    layout = HashGridLayout(**SMALL)
    positions, table = arrays(layout, 64)
    view = jt.array(np.ascontiguousarray(positions.T)).transpose(1, 0)
    out = op(view, jt.array(table), layout).numpy()
    np.testing.assert_allclose(
        out, reference.hash_encode(positions, table, layout), rtol=1e-4, atol=1e-5
    )


def test_runs_of_samples_in_one_cell_add_up(device):
    layout = HashGridLayout(**SMALL)
    table = arrays(layout, 1)[1]
    positions = np.repeat(np.random.default_rng(0).random((30, 3)), 7, axis=0).astype(np.float32)
    t = jt.array(table)
    grad = jt.grad(op(jt.array(positions).stop_grad(), t, layout).sum(), [t])[0].numpy()
    ones = np.ones((5, 210, 2), np.float32)
    expected = reference.hash_encode_grad(positions, table, layout, ones)[1]
    np.testing.assert_allclose(grad, expected, rtol=1e-4, atol=1e-4)


def known(positions, table, features, layout, smoothstep=False):
    scales, meta = jt.array(layout.scales).stop_grad(), jt.array(layout.meta).stop_grad()
    return hash_encode_known(positions, table, features, scales, meta, layout, smoothstep)


@pytest.mark.parametrize("smoothstep", [False, True])
@pytest.mark.parametrize("n_dims, n_features", [(3, 2), (2, 1), (3, 4)])
def test_known_features_give_the_gradients_of_a_lookup(device, n_dims, n_features, smoothstep):
    layout = HashGridLayout(**SMALL, n_dims=n_dims, n_features=n_features)
    positions, table = arrays(layout, 77)
    x, t = jt.array(positions), jt.array(table)
    with jt.no_grad():
        features = op(x, t, layout, smoothstep)
    looked_up, given = (
        op(x, t, layout, smoothstep),
        known(x, t, features, layout, smoothstep),
    )
    np.testing.assert_array_equal(given.numpy(), looked_up.numpy())
    expected = jt.grad((looked_up * looked_up).sum(), [x, t])
    got = jt.grad((given * given).sum(), [x, t])
    for one, other in zip(expected, got, strict=True):
        if device == "cpu":
            np.testing.assert_array_equal(other.numpy(), one.numpy())
        else:  # sums by atomics
            np.testing.assert_allclose(other.numpy(), one.numpy(), rtol=1e-4, atol=1e-4)


def test_known_features_are_passed_on_and_get_no_gradient(device):
    layout = HashGridLayout(**SMALL)
    positions, table = arrays(layout, 50)
    source = jt.array(np.random.default_rng(3).normal(size=(5, 50, 2)).astype(np.float32))
    t = jt.array(table)
    out = known(jt.array(positions).stop_grad(), t, source, layout)
    grads = jt.grad((out * out).sum(), [source, t])
    np.testing.assert_array_equal(out.numpy(), source.numpy())  # not looked up again
    assert (grads[0].numpy() == 0).all()
    expected = reference.hash_encode_grad(positions, table, layout, 2 * source.numpy())[1]
    np.testing.assert_allclose(grads[1].numpy(), expected, rtol=1e-4, atol=1e-4)


def test_known_features_keep_their_memory():
    layout = HashGridLayout(**SMALL)
    positions, table = arrays(layout, 50)
    source = jt.ones((5, 50, 2)).stop_grad()
    source.sync()
    out = known(jt.array(positions).stop_grad(), jt.array(table), source, layout)
    out.sync()
    assert out.data.ctypes.data == source.data.ctypes.data


def test_known_features_of_no_sample_and_of_wrong_shape(device):
    layout = HashGridLayout(**SMALL)
    positions, table = arrays(layout, 4)
    x, t = jt.array(positions), jt.array(table)
    assert list(known(x[:0], t, jt.zeros((5, 0, 2)), layout).shape) == [5, 0, 2]
    with pytest.raises(ValueError, match=r"features have shape \[5, 3, 2\].*need \[5, 4, 2\]"):
        known(x, t, jt.zeros((5, 3, 2)), layout)


@pytest.mark.parametrize("threads", [2, 9])
def test_bits_do_not_depend_on_threads(threads):
    layout = HashGridLayout(**SMALL)
    positions, table = arrays(layout, 5000)

    def run():
        t = jt.array(table)
        out = op(jt.array(positions).stop_grad(), t, layout)
        return out.numpy(), jt.grad((out * out).sum(), [t])[0].numpy()

    for one, many in zip(with_threads(1, run), with_threads(threads, run), strict=True):
        assert (one == many).all()


def test_wrong_shapes_are_named():
    layout = HashGridLayout(**SMALL)
    positions, table = arrays(layout, 4)
    with pytest.raises(ValueError, match=r"positions have shape \[4, 2\]; expected \[S, 3\]"):
        op(jt.array(positions[:, :2]), jt.array(table), layout)
    with pytest.raises(ValueError, match="its layout needs"):
        op(jt.array(positions), jt.array(table[1:]), layout)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"n_features": 3}, "n_features is 3"),
        ({"n_levels": 0}, "n_levels is 0"),
        ({"n_dims": 4}, "n_dims is 4"),
        ({"min_resolution": 99}, "min_resolution must be"),
        ({"table_size": 1}, "table_size is 1"),
    ],
)
def test_layout_refuses_what_it_cannot_be(change, message):
    with pytest.raises(ValueError, match=message):
        HashGridLayout(**{**SMALL, **change})
