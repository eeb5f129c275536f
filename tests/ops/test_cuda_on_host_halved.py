"""The CUDA kernels of tables in 16 bits, run on the CPU, against the references with rounded numbers."""

import numpy as np
import pytest

from jnerf.ops.adam import reference as adam
from jnerf.ops.half_copy.reference import rounded
from jnerf.ops.hash_encode import HashGridLayout, reference
from jnerf.ops.hash_encode_gradient import reference as pulled
from jnerf.ops.multisample_encode import reference as multisampled

SMALL = {"n_levels": 5, "table_size": 2**9, "min_resolution": 4, "max_resolution": 40}
PRECISIONS = pytest.mark.parametrize("precision", ["float16", "bfloat16"])
SIZES = pytest.mark.parametrize("n_dims, n_features", [(2, 2), (3, 1), (3, 2), (3, 4), (3, 8)])


@pytest.fixture(scope="module", params=["halved", "halved_75"])
def library(request, cuda_host):
    found = cuda_host.library(request.param)
    found.play()
    return found


def words(values, precision):
    """Rounded numbers as the kernels store them."""
    if precision == "float16":
        return rounded(values, precision).astype(np.float16).view(np.uint16)
    return (rounded(values, precision).view(np.uint32) >> 16).astype(np.uint16)


def shifted(values, by):
    """A copy whose first element is ``by`` elements behind a multiple of 16 bytes."""
    room = np.zeros(values.size + 16, values.dtype)
    first = -room.ctypes.data % 16 // values.itemsize + by
    place = room[first : first + values.size]
    place[:] = values
    return place


def near(found, expected, rtol=1e-3):
    size = max(1.0, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-4 * size)


@PRECISIONS
@pytest.mark.parametrize("n", [0, 1, 31, 255, 3000])
def test_rounding(library, precision, n):
    random = np.random.default_rng(n)
    values = (random.normal(size=n) * 10.0 ** random.uniform(-9, 6, n)).astype(np.float32)
    values[::5] = np.float32([np.inf, -0.0, 65520, 65519.996, 1.00390625])[np.arange(n)[::5] % 5]
    for place in (0, 1):  # where four are one store, and beside them
        found = shifted(np.zeros(n, np.uint16), place)
        library.call("rounded", precision == "bfloat16", n, shifted(values, place), found)
        np.testing.assert_array_equal(found, words(values, precision))


@PRECISIONS
@pytest.mark.parametrize("n", [1, 31, 3000])
def test_an_update_takes_the_copy_along(library, precision, n):
    random = np.random.default_rng(n)
    param, grad, m = random.normal(size=(3, n)).astype(np.float32)
    grad[random.random(n) < 0.7], v = 0, np.abs(m) + np.float32(0.1)
    counts = (np.arange(n) % 3).astype(np.int32)
    t = np.arange(1, 5)
    table = np.concatenate([[0], np.sqrt(1 - 0.99**t) / (1 - 0.9**t)]).astype(np.float32)
    rule = np.float32([1e-2, 0.9, 0.1, 0.99, 0.01, 1e-15])
    right = adam.adam_sparse(param, grad, m, v, counts, 1e-2, (0.9, 0.99), 1e-15)
    for place in (0, 1):
        state = [shifted(x, place) for x in (param, m, v, counts)]
        copy = shifted(words(param, precision), place)
        where = n, rule, shifted(grad, place), table, 4
        library.call("sparse", precision == "bfloat16", *where, *state, copy)
        for a, b in zip(state, right, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(copy, words(state[0].copy(), precision))


def case(n_dims, n_features, n, **options):
    """Layout, and random numbers [S, D], [rows, F], [L, S, F] and [S, D]."""
    layout = HashGridLayout(**{**SMALL, **options}, n_dims=n_dims, n_features=n_features)
    random = np.random.default_rng(n)
    shapes = (layout.n_rows, n_features), (5, n, n_features), (n, n_dims)
    others = [random.normal(size=shape).astype(np.float32) for shape in shapes]
    return layout, random.random((n, n_dims)).astype(np.float32), *others


def grid(layout, positions, table, precision, smoothstep=False):
    sizes = np.int32([positions.shape[-2], layout.n_levels, smoothstep])
    return positions, words(table, precision), layout.scales, layout.meta, sizes


@PRECISIONS
@SIZES
@pytest.mark.parametrize("n, table_size", [(0, 512), (31, 512), (300, 509), (300, 510)])
def test_lookups(library, precision, n_dims, n_features, n, table_size):
    """Also of levels whose rows are of an odd number, so that some have none beside them."""
    layout, positions, table, grad_out, _ = case(n_dims, n_features, n, table_size=table_size)
    out, grad = np.full_like(grad_out, np.nan), np.full_like(positions, np.nan)
    where = grid(layout, positions, table, precision, n == 31)
    library.call("lookup", precision == "bfloat16", n_dims, n_features, *where, grad_out, out, grad)
    read = rounded(table, precision)
    near(out, reference.hash_encode(positions, read, layout, n == 31))
    near(grad, reference.hash_encode_grad(positions, read, layout, grad_out, n == 31)[0])


@PRECISIONS
@SIZES
@pytest.mark.parametrize("n, smoothstep", [(31, True), (257, False)])
def test_gradients_by_position(library, precision, n_dims, n_features, n, smoothstep):
    layout, x, table, v, g = case(n_dims, n_features, n)
    found = [np.full_like(a, np.nan) for a in (x, v, x)]
    where = grid(layout, x, table, precision, smoothstep)
    kind = precision == "bfloat16", n_dims, n_features
    library.call("gradient", *kind, *where, g, v, *found)
    read = rounded(table, precision)
    right = pulled.hash_encode_gradient_grad(x, read, v, layout, g, smoothstep)
    near(found[0], pulled.hash_encode_gradient(x, read, v, layout, smoothstep))
    near(found[1], right[2])
    near(found[2], right[0])


@PRECISIONS
@pytest.mark.parametrize("n_features, sized", [(1, True), (2, False), (4, True), (8, False)])
def test_points_with_a_width(library, precision, n_features, sized):
    layout, _, table, _, _ = case(3, n_features, 0, centred=True)
    random = np.random.default_rng(n_features)
    points = random.random((6, 40, 3)).astype(np.float32)
    widths = (10.0 ** random.uniform(-4, 0, (6, 40))).astype(np.float32)
    sizes = random.random(5).astype(np.float32) if sized else None
    exact = [a.astype(np.float64) for a in (points, widths, rounded(table, precision))]
    right = multisampled.multisample_encode(*exact, layout, sizes, 10.0)
    grad = random.normal(size=right.shape).astype(np.float32)
    found = [np.full(a.shape, np.nan, np.float32) for a in (right, points)]
    where = *grid(layout, points, table, precision), widths, sizes, 6, 10.0, grad
    library.call("multisample", precision == "bfloat16", n_features, *where, *found)
    near(found[0], right)
    near(found[1], multisampled.multisample_grad(*exact, layout, grad, 10.0)[0])
