"""The hash grid's CUDA kernels, run on the CPU, against the reference."""

import numpy as np
import pytest

from jnerf.ops.hash_encode import HashGridLayout, reference
from jnerf.ops.hash_encode_gradient import reference as gradient_reference

SMALL = {"n_levels": 5, "table_size": 2**9, "min_resolution": 4, "max_resolution": 40}


def run(library, layout, positions, table, grad_out, smoothstep=False):
    n = len(positions)
    out = np.full((layout.n_levels, n, layout.n_features), np.nan, np.float32)
    grad_table, grad_positions = np.full_like(table, np.nan), np.full_like(positions, np.nan)
    grid = [positions, table, layout.scales, layout.meta, n, layout.n_levels, smoothstep]
    results = [out, grad_table, len(table), grad_positions]
    library.call(
        "hash_encode",
        layout.n_dims,
        layout.n_features,
        *grid,
        np.ascontiguousarray(grad_out),
        *results,
    )
    return out, grad_table, grad_positions


def compare(library, layout, positions, grad_out, smoothstep=False):
    random = np.random.default_rng(2)
    table = random.normal(size=(layout.n_rows, layout.n_features)).astype(np.float32)
    out, grad_table, grad_positions = run(library, layout, positions, table, grad_out, smoothstep)
    wide = [v.astype(np.float64) for v in (positions, table, grad_out)]
    # cells from the kernels' own float32 arithmetic, so that no sample changes its cell
    expected = reference.hash_encode(positions, table, layout, smoothstep)
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-5)
    in_positions, in_table = reference.hash_encode_grad(
        positions, table, layout, grad_out, smoothstep
    )
    size = max(1.0, np.abs(wide[2]).max() if wide[2].size else 1.0)
    np.testing.assert_allclose(grad_table, in_table, rtol=1e-3, atol=1e-3 * size)
    np.testing.assert_allclose(grad_positions, in_positions, rtol=1e-3, atol=2e-3 * size)


def case(n_dims, n_features, n):
    """A small grid, and random positions and gradients of n samples."""
    layout = HashGridLayout(**SMALL, n_dims=n_dims, n_features=n_features)
    random = np.random.default_rng(n)
    positions = random.random((n, n_dims)).astype(np.float32)
    grad_out = random.normal(size=(5, n, n_features)).astype(np.float32)
    return layout, positions, grad_out


@pytest.fixture(params=["hash_encode", "hash_encode_75"], ids=["vector atomics", "float atomics"])
def library(request, cuda_host):
    found = cuda_host.library(request.param)
    found.play()
    return found


@pytest.mark.parametrize("n_dims", [2, 3])
@pytest.mark.parametrize("n_features", [1, 2, 4, 8])
@pytest.mark.parametrize("n", [0, 1, 31, 257])
def test_every_kind_of_grid(library, n_dims, n_features, n):
    layout, positions, grad_out = case(n_dims, n_features, n)
    compare(library, layout, positions, grad_out, smoothstep=n == 31)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("n", [255, 2500])
def test_samples_of_rays_share_cells(library, n, backwards):
    """Runs of neighbours in one cell, cut by warps and blocks, with gradients of exactly 0 in between."""
    library.play(backwards=backwards)
    layout = HashGridLayout(**SMALL)
    random = np.random.default_rng(n)
    start, direction = random.random((2, 12, 3))
    t = np.linspace(0, 1, (n + 11) // 12)[None, :, None]
    positions = np.clip(start[:, None] + t * (direction - start)[:, None], 0, 1).reshape(-1, 3)[:n]
    grad_out = random.normal(size=(5, n, 2)).astype(np.float32)
    grad_out[:, random.random(n) < 0.3] = 0
    grad_out[:, 64:140] = 0
    compare(library, layout, positions.astype(np.float32), grad_out)


@pytest.mark.parametrize("table_size", [509, 510])
def test_levels_with_rows_that_have_none_beside_them(library, table_size):
    """Of an odd number; and levels whose rows are no power of two."""
    layout = HashGridLayout(**{**SMALL, "table_size": table_size})
    random = np.random.default_rng(0)
    positions = random.random((300, 3)).astype(np.float32)
    compare(library, layout, positions, random.normal(size=(5, 300, 2)).astype(np.float32))


def test_a_table_that_begins_at_an_odd_row_of_another(library):
    """Its pairs of rows lie at no multiple of 16 bytes, and are not read as one."""
    layout, positions, _ = case(3, 2, 100)
    room = np.zeros(2 * layout.n_rows + 8, np.float32)
    start = (-room.ctypes.data // 4 % 4) + 2  # floats to 8 bytes behind such a multiple
    table = room[start : start + 2 * layout.n_rows].reshape(-1, 2)
    assert table.ctypes.data % 16 == 8
    table[:] = np.random.default_rng(2).normal(size=table.shape)
    out = np.full((5, 100, 2), np.nan, np.float32)
    grid = [positions, table, layout.scales, layout.meta, 100, layout.n_levels, False]
    rest = [np.zeros_like(out), out, np.zeros_like(table), len(table), np.zeros_like(positions)]
    library.call("hash_encode", 3, 2, *grid, *rest)
    expected = reference.hash_encode(positions, table, layout, False)
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-5)


def test_all_samples_in_one_place(library):
    layout = HashGridLayout(**SMALL)
    positions = np.tile(np.float32([0.3, 0.6, 0.9]), (300, 1))
    compare(library, layout, positions, np.ones((5, 300, 2), np.float32))


def test_positions_outside_are_clamped_and_nan_stays_in_the_table(library):
    layout = HashGridLayout(**SMALL)
    positions = np.float32([[-1, 0.5, 2], [1, 1, 1], [0, 0, 0], [np.nan, 0.5, 0.5]])
    table = np.random.default_rng(0).normal(size=(layout.n_rows, 2)).astype(np.float32)
    out, grad_table, _ = run(library, layout, positions, table, np.ones((5, 4, 2), np.float32))
    expected = reference.hash_encode(np.clip(positions[:3], 0, 1), table, layout)
    np.testing.assert_allclose(out[:, :3], expected, rtol=1e-4, atol=1e-5)
    assert np.isnan(out[:, 3]).all() and np.isnan(grad_table).any()


def test_gradients_of_nan_are_not_dropped(library):
    layout = HashGridLayout(**SMALL)
    positions = np.random.default_rng(0).random((40, 3)).astype(np.float32)
    table = np.zeros((layout.n_rows, 2), np.float32)
    grad_out = np.zeros((5, 40, 2), np.float32)
    grad_out[2, 17] = np.nan
    _, grad_table, _ = run(library, layout, positions, table, grad_out)
    first, last = layout.offsets[2], layout.offsets[3]
    assert np.isnan(grad_table[first:last]).any()
    assert np.isfinite(grad_table[:first]).all() and np.isfinite(grad_table[last:]).all()


@pytest.mark.parametrize("n_dims", [2, 3])
@pytest.mark.parametrize("n_features", [1, 2, 4, 8])
@pytest.mark.parametrize("n, smoothstep", [(0, False), (31, True), (257, False)])
def test_gradient_by_position_and_its_gradients(library, n_dims, n_features, n, smoothstep):
    layout = HashGridLayout(**SMALL, n_dims=n_dims, n_features=n_features)
    random = np.random.default_rng(n)
    x = random.random((n, n_dims)).astype(np.float32)
    table, v, g = (
        random.normal(size=shape).astype(np.float32)
        for shape in ((layout.n_rows, n_features), (5, n, n_features), (n, n_dims))
    )
    found = [np.full_like(a, np.nan) for a in (x, v, table, x)]
    gradient, grad_v, grad_table, grad_positions = found
    grid = [x, table, layout.scales, layout.meta, n, layout.n_levels, smoothstep]
    results = [gradient, grad_v, grad_table, len(table), grad_positions]
    library.call("hash_encode_gradient", n_dims, n_features, *grid, g, v, *results)
    expected = gradient_reference.hash_encode_gradient_grad(x, table, v, layout, g, smoothstep)
    forward = gradient_reference.hash_encode_gradient(x, table, v, layout, smoothstep)
    pairs = zip((grad_positions, grad_table, grad_v, gradient), (*expected, forward), strict=True)
    for one, other in pairs:
        size = max(1.0, np.abs(other).max(initial=0))
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * size)


def half_sums(library, layout, positions, grad_out):
    grad_table = np.full((layout.n_rows, layout.n_features), np.nan, np.float32)
    grid = [positions, grad_table, layout.scales, layout.meta, len(positions), layout.n_levels, 0]
    arguments = [np.ascontiguousarray(grad_out), grad_table, len(grad_table)]
    library.call("hash_encode_half", layout.n_dims, layout.n_features, *grid, *arguments)
    return grad_table


def check_half_sums(library, layout, positions, grad_out):
    """Against the reference, with as much room as roundings of fp16 need."""
    found = half_sums(library, layout, positions, grad_out)
    table = np.zeros((layout.n_rows, layout.n_features), np.float64)
    grad_out = grad_out.astype(np.float64)
    right = reference.hash_encode_grad(positions, table, layout, grad_out)[1]
    added = reference.hash_encode_grad(positions, table, layout, np.abs(grad_out))[1]
    # a sum is rounded once for each of at most 8 n additions; most rows see a few
    totals = np.abs(grad_out).max(axis=2).sum(axis=1)
    level = np.repeat(np.arange(layout.n_levels), layout.rows)[:, None]
    room = 2**-8 * added + 2**-30 * totals[level]
    assert (np.abs(found - right) <= room).all()
    return found


@pytest.mark.parametrize("n_dims", [2, 3])
@pytest.mark.parametrize("n_features", [1, 2, 4, 8])
@pytest.mark.parametrize("n", [0, 1, 31, 257])
def test_sums_in_fp16(library, n_dims, n_features, n):
    layout, positions, grad_out = case(n_dims, n_features, n)
    found = check_half_sums(library, layout, positions, grad_out)
    if n_features > 1 and n > 1:  # fp16 it is: eleven bits, and a power of two for all of a level
        bits = np.frexp(found[found != 0])[0] * 2**11
        np.testing.assert_array_equal(bits, np.round(bits))


@pytest.mark.parametrize("size", [1e-30, 1e-20, 1.0, 1e6, 1e30])
def test_sums_in_fp16_neither_overflow_nor_vanish(library, size):
    """Levels of their own sizes; all samples in one place, so that one row takes the whole sum of its level."""
    layout = HashGridLayout(**SMALL)
    positions = np.tile(np.float32([0.3, 0.6, 0.9]), (400, 1))
    grad_out = np.ones((5, 400, 2)) * np.float64(size) * 10.0 ** -np.arange(5)[:, None, None]
    grad_out[4] = 0
    found = check_half_sums(library, layout, positions, grad_out.astype(np.float32))
    assert np.isfinite(found).all() and np.any(found[: layout.offsets[4]])
    assert not found[layout.offsets[4] :].any()


def test_gradients_that_are_not_finite_stay_so_in_fp16(library):
    layout = HashGridLayout(**SMALL)
    positions = np.random.default_rng(0).random((40, 3)).astype(np.float32)
    grad_out = np.ones((5, 40, 2), np.float32)
    grad_out[1, 7], grad_out[2, 17] = np.inf, np.nan
    found = half_sums(library, layout, positions, grad_out)
    levels = [found[a:b] for a, b in zip(layout.offsets[:-1], layout.offsets[1:], strict=True)]
    finite = [np.isfinite(level).all() for level in levels]
    assert finite == [True, False, False, True, True]
