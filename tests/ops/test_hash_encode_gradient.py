"""hash_encode_gradient: second derivatives by finite differences, reference against kernel, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.hash_encode import HashGridLayout, hash_encode
from jnerf.ops.hash_encode.reference import hash_encode as encode_reference
from jnerf.ops.hash_encode.reference import hash_encode_grad
from jnerf.ops.hash_encode_gradient import hash_encode_gradient, reference

SMALL = {"n_levels": 5, "table_size": 2**9, "min_resolution": 4, "max_resolution": 40}
EVERY_GRID = pytest.mark.parametrize(
    "n_dims, n_features, smoothstep",
    [(d, f, (d + f) % 2 == 0) for d in (2, 3) for f in (1, 2, 4, 8)]
    + [(3, 2, True), (2, 2, False)],
)


def op(positions, table, v, layout, smoothstep=False):
    scales, meta = jt.array(layout.scales).stop_grad(), jt.array(layout.meta).stop_grad()
    return hash_encode_gradient(positions, table, v, scales, meta, layout, smoothstep)


def arrays(layout, n, dtype=np.float32, seed=0):
    """Positions, table, v and the gradient g of the result."""
    random = np.random.default_rng(seed)
    positions = random.random((n, layout.n_dims)).astype(dtype)
    table = random.normal(size=(layout.n_rows, layout.n_features)).astype(dtype)
    v = random.normal(size=(layout.n_levels, n, layout.n_features)).astype(dtype)
    return positions, table, v, random.normal(size=(n, layout.n_dims)).astype(dtype)


def same(found, expected, rtol=1e-4):
    """Within a part of the largest expected value: sums of many terms cancel."""
    size = max(1.0, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * size)


# --- the reference is right: float64, central differences ---


@EVERY_GRID
def test_reference_is_the_gradient_of_the_encoding(n_dims, n_features, smoothstep):
    layout = HashGridLayout(**SMALL, n_dims=n_dims, n_features=n_features)
    x, table, v, _ = arrays(layout, 12, np.float64)

    def scalars(positions):
        features = encode_reference(positions, table, layout, smoothstep)
        return (features * v).sum(axis=(0, 2))

    h = 1e-7
    steps = h * np.eye(n_dims)
    numeric = [(scalars(x + step) - scalars(x - step)) / (2 * h) for step in steps]
    found = reference.hash_encode_gradient(x, table, v, layout, smoothstep)
    same(found, np.stack(numeric, axis=1), 1e-5)
    same(found, hash_encode_grad(x, table, layout, v, smoothstep)[0], 1e-12)


@EVERY_GRID
def test_reference_gradients_by_finite_differences(n_dims, n_features, smoothstep):
    layout = HashGridLayout(**SMALL, n_dims=n_dims, n_features=n_features)
    x, table, v, g = arrays(layout, 12, np.float64)

    def loss(*arguments):
        return (reference.hash_encode_gradient(*arguments, layout, smoothstep) * g).sum()

    grads = reference.hash_encode_gradient_grad(x, table, v, layout, g, smoothstep)
    random = np.random.default_rng(3)
    for k, h in ((0, 1e-7), (1, 1e-4), (2, 1e-4)):  # linear in table and v
        arguments = [x, table, v]
        for _ in range(10):
            direction = random.normal(size=arguments[k].shape)
            ends = []
            for sign in (1, -1):
                moved = list(arguments)
                moved[k] = arguments[k] + sign * h * direction
                ends.append(loss(*moved))
            numeric = (ends[0] - ends[1]) / (2 * h)
            assert (grads[k] * direction).sum() == pytest.approx(numeric, rel=1e-5, abs=1e-4)


# --- the kernels are the reference ---


@EVERY_GRID
@pytest.mark.parametrize("n", [1, 16, 333])
def test_forward_and_backward_match_the_reference(device, n_dims, n_features, smoothstep, n):
    layout = HashGridLayout(**SMALL, n_dims=n_dims, n_features=n_features)
    x, table, v, g = arrays(layout, n)
    inputs = [jt.array(a) for a in (x, table, v)]
    out = op(*inputs, layout, smoothstep)
    same(out.numpy(), reference.hash_encode_gradient(x, table, v, layout, smoothstep))
    grads = jt.grad((out * jt.array(g)).sum(), inputs)
    expected = reference.hash_encode_gradient_grad(x, table, v, layout, g, smoothstep)
    for one, other in zip(grads, expected, strict=True):
        same(one.numpy(), other)


def test_levels_that_are_fetched_ahead_and_results_that_are_stored_past_the_caches(device):
    layout = HashGridLayout(n_levels=3, table_size=2**18, min_resolution=16, max_resolution=256)
    x, table, v, g = arrays(layout, 180_001)
    inputs = [jt.array(a) for a in (x, table, v)]
    out = op(*inputs, layout)
    grads = jt.grad((out * jt.array(g)).sum(), inputs[1:])
    assert grads[1].numpy().nbytes > 2**22
    same(out.numpy(), reference.hash_encode_gradient(x, table, v, layout), 1e-3)
    expected = reference.hash_encode_gradient_grad(x, table, v, layout, g)
    same(grads[0].numpy(), expected[1], 1e-3)
    same(grads[1].numpy(), expected[2], 1e-3)


def test_it_is_the_gradient_that_jittor_finds_for_the_encoding(device):
    layout = HashGridLayout(**SMALL)
    x, table, v, _ = arrays(layout, 200)
    scales, meta = jt.array(layout.scales).stop_grad(), jt.array(layout.meta).stop_grad()
    positions = jt.array(x)
    features = hash_encode(positions, jt.array(table), scales, meta, layout)
    expected = jt.grad((features * jt.array(v)).sum(), positions).numpy()
    np.testing.assert_array_equal(op(*map(jt.array, (x, table, v)), layout).numpy(), expected)


class Distance:
    """An sdf of one hidden layer of soft ReLUs over the grid, and losses of its normal, in Jittor or in NumPy."""

    def __init__(self, xp, layout):
        random = np.random.default_rng(8)
        shapes = (layout.out_dim, 7), (7,)
        weights = [random.normal(size=shape) * 0.5 for shape in shapes]
        self.xp = xp
        self.weights = [w if xp is np else jt.array(w.astype(np.float32)) for w in weights]

    def normal(self, features, pull):
        """``features`` [L, S, F]; ``pull`` of their gradient is the normal [S, D]."""
        n_levels, n, n_features = features.shape
        rows = features.transpose(1, 0, 2).reshape(n, n_levels * n_features)
        hidden = rows @ self.weights[0]
        slopes = self.weights[1] / (1 + self.xp.exp(-hidden))
        grads = slopes @ self.weights[0].transpose(1, 0)
        return pull(grads.reshape(n, n_levels, n_features).transpose(1, 0, 2))

    def eikonal(self, normal):
        length = self.xp.sqrt((normal * normal).sum(1) + 1e-6)
        return ((length - 1) * (length - 1)).sum()


@pytest.mark.parametrize("smoothstep", [False, True])
def test_a_loss_of_the_normals_of_an_mlp_over_the_grid(device, smoothstep):
    """Eikonal loss: gradients to the table come through v and directly; against differences of float64."""
    layout = HashGridLayout(**{**SMALL, "n_levels": 3, "max_resolution": 12})
    x, table, _, _ = arrays(layout, 40)
    table *= 0.1
    x64, wide = x.astype(np.float64), table.astype(np.float64)
    double = Distance(np, layout)

    def loss(t):
        features = encode_reference(x64, t, layout, smoothstep)
        normal = double.normal(
            features, lambda v: reference.hash_encode_gradient(x64, t, v, layout, smoothstep)
        )
        return double.eikonal(normal)

    scales, meta = jt.array(layout.scales).stop_grad(), jt.array(layout.meta).stop_grad()
    positions, t, single = jt.array(x).stop_grad(), jt.array(table), Distance(jt, layout)
    features = hash_encode(positions, t, scales, meta, layout, smoothstep)
    normal = single.normal(features, lambda v: op(positions, t, v, layout, smoothstep))
    value = single.eikonal(normal)
    assert float(value.item()) == pytest.approx(loss(wide), rel=1e-4)
    found = jt.grad(value, t).numpy()
    for largest in np.argsort(-np.abs(found).ravel())[:30:3]:
        row, column = np.unravel_index(largest, table.shape)
        step = np.zeros_like(wide)
        step[row, column] = 1e-5
        numeric = (loss(wide + step) - loss(wide - step)) / 2e-5
        assert found[row, column] == pytest.approx(numeric, rel=2e-3, abs=1e-3)


# --- edges ---


@pytest.mark.parametrize("threads", [2, 9])
def test_bits_do_not_depend_on_threads(threads):
    layout = HashGridLayout(**SMALL)
    x, table, v, g = arrays(layout, 5000)

    def run():
        inputs = [jt.array(a) for a in (x, table, v)]
        out = op(*inputs, layout)
        return [a.numpy() for a in (out, *jt.grad((out * jt.array(g)).sum(), inputs))]

    for one, many in zip(with_threads(1, run), with_threads(threads, run), strict=True):
        np.testing.assert_array_equal(one, many)


def test_results_do_not_depend_on_what_else_is_asked(device):
    layout = HashGridLayout(**SMALL)
    x, table, v, _ = arrays(layout, 1000)
    whole = op(*map(jt.array, (x, table, v)), layout).numpy()
    part = op(jt.array(x[500:777]), jt.array(table), jt.array(v[:, 500:777].copy()), layout).numpy()
    np.testing.assert_array_equal(whole[500:777], part)


def test_no_sample(device):
    layout = HashGridLayout(**SMALL)
    x, table, v, _ = arrays(layout, 0)
    assert list(op(*map(jt.array, (x, table, v)), layout).shape) == [0, 3]


def test_borders_and_positions_outside_the_box(device):
    layout = HashGridLayout(**SMALL)
    x = np.array([[0, 0, 0], [1, 1, 1], [0, 1, 0.5], [-3, 2, 0.5], [1e9, -1e9, 1]], np.float32)
    _, table, v, g = arrays(layout, 5)
    inputs = [jt.array(a) for a in (x, table, v)]
    out = op(*inputs, layout)
    same(out.numpy(), reference.hash_encode_gradient(x, table, v, layout))
    grads = jt.grad((out * jt.array(g)).sum(), inputs)
    expected = reference.hash_encode_gradient_grad(x, table, v, layout, g)
    for one, other in zip(grads, expected, strict=True):
        same(one.numpy(), other)


def test_nan_stays_with_its_sample(device):
    layout = HashGridLayout(**SMALL)
    x, table, v, g = arrays(layout, 40)
    x[7], v[2, 9, 0], g[11, 1] = np.nan, np.nan, np.nan
    inputs = [jt.array(a) for a in (x, table, v)]
    out = op(*inputs, layout)
    grad_v = jt.grad((out * jt.array(g)).sum(), inputs[2]).numpy()
    assert np.isnan(out.numpy()[[7, 9]]).any(axis=1).all()
    assert np.isfinite(np.delete(out.numpy(), [7, 9], axis=0)).all()
    assert np.isnan(grad_v[:, 11]).any() and np.isfinite(np.delete(grad_v, [7, 11], axis=1)).all()


def test_what_has_no_gradient_is_not_computed():
    from jnerf.benchmark.kernel_clock import KernelClock, settle

    layout = HashGridLayout(**SMALL)
    x, table, v, _ = map(jt.array, arrays(layout, 50))
    with KernelClock() as clock:
        out = op(x.stop_grad(), table, v.stop_grad(), layout)
        settle([jt.grad((out * out).sum(), table)])
    kernels = {call.kernel for call in clock.calls}
    assert kernels == {"hash_gradient_forward", "hash_gradient_table_grad"}


def test_non_contiguous_v(device):
    layout = HashGridLayout(**SMALL)
    x, table, v, _ = arrays(layout, 30)
    rows = jt.array(np.ascontiguousarray(v.transpose(1, 0, 2)))
    out = op(jt.array(x), jt.array(table), rows.transpose(1, 0, 2), layout)
    same(out.numpy(), reference.hash_encode_gradient(x, table, v, layout))


def test_wrong_shapes_are_named():
    layout = HashGridLayout(**SMALL)
    x, table, v, _ = map(jt.array, arrays(layout, 4))
    with pytest.raises(
        ValueError, match=r"v has shape \[5, 3, 2\]; these positions need \[5, 4, 2\]"
    ):
        op(x, table, v[:, :3], layout)
    with pytest.raises(ValueError, match=r"positions have shape \[4, 2\]"):
        op(x[:, :2], table, v, layout)
