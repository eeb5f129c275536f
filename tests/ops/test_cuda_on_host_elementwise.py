"""The CUDA paths that do one thing per element, and the occupancy grid's, run on the CPU, against the references."""

import numpy as np
import pytest

from jnerf.ops.adam import reference as adam
from jnerf.ops.ema import reference as ema
from jnerf.ops.frequency_encode import reference as frequency_encode
from jnerf.ops.frustum_gaussians import reference as frustum_gaussians
from jnerf.ops.grid_interp import reference as grid_interp
from jnerf.ops.integrated_encode import reference as integrated_encode
from jnerf.ops.occupancy import reference as occupancy
from jnerf.ops.project_gaussians import NORMS
from jnerf.ops.project_gaussians import reference as project_gaussians
from jnerf.ops.sh_encode import reference as sh_encode
from jnerf.ops.touched_rows import reference as touched_rows
from jnerf.ops.touched_rows import word_firsts
from tests.ops.ray_gradients import assert_near, differences, rays_and_samples

SIZES = [0, 1, 31, 255, 257, 3000]


@pytest.fixture(scope="module")
def library(cuda_host):
    found = cuda_host.library("elementwise")
    found.play()
    return found


def floats(n, *shapes):
    random = np.random.default_rng(n)
    return [random.normal(size=(n, *shape)).astype(np.float32) for shape in shapes]


def shifted(values, by):
    """A copy whose first element is ``by`` elements behind a multiple of 16 bytes."""
    room = np.zeros(values.size + 8, values.dtype)
    first = -room.ctypes.data % 16 // 4 + by
    place = room[first : first + values.size]
    place[:] = values
    return place


@pytest.mark.parametrize("n", SIZES)
def test_adam(library, n):
    lr, betas, eps, step = 1e-2, (0.9, 0.99), 1e-15, 5
    param, grad, m = floats(n, (), (), ())
    grad[::3], v, counts = 0, np.abs(m) + np.float32(0.1), (np.arange(n) % 7).astype(np.int32)
    correction = np.sqrt(1 - betas[1] ** step) / (1 - betas[0] ** step)
    rule = [lr * correction, betas[0], 1 - betas[0], betas[1], 1 - betas[1], eps]
    right = adam.adam_dense(param, grad, m, v, step, lr, betas, eps, 1e-3)
    found = [x.copy() for x in (param, m, v)]
    library.call("dense", n, np.float32(rule), 1e-3, grad, *found)
    for a, b in zip(found, right, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    t = np.arange(1, 5)
    table = np.concatenate([[0], np.sqrt(1 - betas[1] ** t) / (1 - betas[0] ** t)]).astype(
        np.float32
    )
    counts = np.minimum(counts, 3)
    right = adam.adam_sparse(param, grad, m, v, counts, lr, betas, eps)
    for place in (0, 1):  # of 16 bytes, where four are one load, and beside them
        found = [shifted(x, place) for x in (param, m, v, counts)]
        library.call(
            "sparse", n, np.float32([lr, *rule[1:]]), shifted(grad, place), table, 4, *found
        )
        for a, b in zip(found, right, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("width", [1, 2, 4])
@pytest.mark.parametrize("n", SIZES)
def test_rows_that_are_not_zero(library, n, width):
    (table,) = floats(n, (width,))
    table[np.arange(n) % 3 > 0] = 0
    words = np.full(-(-n // 32), -1, np.int32)
    library.call("marked_rows", n, width, table, words)
    np.testing.assert_array_equal(words, touched_rows.mark_rows(table))
    firsts, count = word_firsts(words)
    rows, back = np.zeros((count, width), np.float32), np.ones_like(table)
    library.call("packed_rows", len(words), width, words, firsts, table, rows)
    np.testing.assert_array_equal(rows, table[np.arange(n) % 3 == 0])
    library.call("unpacked_rows", len(words), width, words, firsts, 2 * rows, back)
    np.testing.assert_array_equal(back, np.where(table == 0, 1, 2 * table))


@pytest.mark.parametrize("n", SIZES)
def test_average(library, n):
    value, average = floats(n, (), ())
    found = average.copy()
    library.call("average", n, 0.9, 0.1, value, found)
    np.testing.assert_allclose(found, ema.ema_update(average, value, 0.9), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("weights", [None, np.float32([1, 0.5, 0.25, 0])])
@pytest.mark.parametrize("n", SIZES)
def test_encodings(library, n, weights):
    (x,) = floats(n, (3,))
    frequencies = np.float32([1, 2, 4, 8])
    how = frequencies, True, 0.5, 0.25, weights
    values, grad_x = np.full((n, 27), np.nan, np.float32), np.full_like(x, np.nan)
    (grad,) = floats(n, (27,))
    library.call("frequency", n, 3, 4, 1, 0.5, 0.25, x, frequencies, weights, values, grad, grad_x)
    right = frequency_encode.frequency_encode(x, *how)
    np.testing.assert_allclose(values, right, atol=1e-4)
    h = 1e-4
    for d in range(3):
        step = h * np.eye(3)[d]
        ahead, behind = (
            frequency_encode.frequency_encode(x.astype(np.float64) + s, *how) for s in (step, -step)
        )
        np.testing.assert_allclose(
            grad_x[:, d], ((ahead - behind) / (2 * h) * grad).sum(1), rtol=1e-3, atol=1e-2
        )
    directions = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    values, grads = np.full((n, 16), np.nan, np.float32), np.full_like(x, np.nan)
    (grad,) = floats(n, (16,))
    library.call("sh", n, directions, values, grad, grads)
    np.testing.assert_allclose(values, sh_encode.sh_encode(directions, 4), atol=1e-5)
    assert np.isfinite(grads).all()


@pytest.mark.parametrize("n", [0, 1, 31, 257])
@pytest.mark.parametrize("smooth", [False, True])
def test_grid_interp(library, n, smooth):
    random = np.random.default_rng(n)
    positions = random.random((n, 3)).astype(np.float32)
    grid = random.normal(size=(4, 5, 6, 9)).astype(np.float32)
    values, grad_positions, grad_grid = (
        np.full_like(v, np.nan) for v in (np.zeros((n, 9), np.float32), positions, grid)
    )
    (grad,) = floats(n, (9,))
    sizes = np.int32(grid.shape)
    library.call(
        "interp", n, sizes, smooth, positions, grid, values, grad, grad_positions, grad_grid
    )
    np.testing.assert_allclose(values, grid_interp.grid_interp(positions, grid, smooth), atol=1e-5)
    # linear in the grid: <grad, values(grid)> = <grad_grid, grid>
    assert (grad_grid * grid).sum() == pytest.approx((grad * values).sum(), rel=1e-3, abs=1e-2)
    assert np.isfinite(grad_positions).all()


@pytest.mark.parametrize("n", [0, 1, 257, 3000])
def test_occupancy_update(library, n):
    random = np.random.default_rng(n)
    grid = random.uniform(-0.3, 1, 32**3).astype(np.float32)
    grid[grid < 0] = -1
    cells = random.integers(0, 500, n).astype(np.int32)
    sigmas = np.exp(random.normal(size=n) * 3).astype(np.float32)
    sigmas[::50] = np.nan
    found = np.full_like(grid, np.nan)
    library.call("update", grid, len(grid), cells, sigmas, n, 0.01, 0.95, found)
    np.testing.assert_allclose(found, occupancy.update_grid(grid, cells, sigmas, 0.01), rtol=1e-6)


def test_occupancy_candidates_and_bits(library):
    random = np.random.default_rng(0)
    grid = (random.random(2 * 32**3) * (random.random(2 * 32**3) < 0.02)).astype(np.float32)
    cells, positions = np.full(300, -1, np.int32), np.full((300, 3), np.nan, np.float32)
    library.call("choose", grid, 32, 2, 3, 4, 17, 300, 0.01, cells, positions)
    right = occupancy.candidates(grid, 300, 0.01, 3, 4, 17, 32)
    np.testing.assert_array_equal(cells, right[0])
    np.testing.assert_allclose(positions, right[1], atol=1e-6)
    bits, blocks = np.zeros(2 * 32**3 // 8, np.uint8), np.full(2 * 4**3, 255, np.uint8)
    stats, sums = np.full(2, np.nan, np.float32), np.full(8, np.nan)
    library.call("bitfield", grid, 32, 2, 0.01, sums, stats, bits, blocks)
    for a, b in zip((bits, blocks, stats), occupancy.build_bitfield(grid, 0.01, 32), strict=True):
        np.testing.assert_allclose(a, b.ravel(), rtol=1e-6)


@pytest.mark.parametrize("n", SIZES)
def test_gaussians_and_their_encoding(library, n):
    random = np.random.default_rng(n)
    d = random.normal(size=(7, 3))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    arrays = [random.random((7, 3)), d, random.uniform(1e-3, 1e-1, (7, 1))]
    arrays += [0.5 + random.random(n), 1.6 + random.random(n)]
    arrays = [v.astype(np.float32) for v in arrays] + [random.integers(0, 7, n).astype(np.int32)]
    means, variances = np.full((2, n, 3), np.nan, np.float32)
    library.call("gaussians", n, *arrays, means, variances)
    right = frustum_gaussians.frustum_gaussians(*arrays)
    np.testing.assert_allclose(means, right[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(variances, right[1], rtol=2e-3, atol=1e-6)
    values = np.full((n, 24), np.nan, np.float32)
    library.call("integrated", n, 3, 4, 0.5, 0.25, means, variances, values)
    right = integrated_encode.integrated_encode(means, variances, 4, 0.5, 0.25)
    np.testing.assert_allclose(values, right, atol=1e-5)


@pytest.mark.parametrize("norm", range(len(NORMS)))
def test_gaussians_along_directions_and_their_gradients(library, norm):
    (o, d, *rest), rays, packed = rays_and_samples()
    o = (0.4 * o).astype(np.float32)
    box, random = np.float32([-0.3, -0.5, -0.2, 0.5, 0.4, 0.3]), np.random.default_rng(4)
    low, high = np.split(box, 2)
    middle, inverse = (low + high) / 2, 2 / (high - low)
    p = random.normal(size=(5, 3)).astype(np.float32)
    p /= np.linalg.norm(p, axis=1, keepdims=True)
    found = np.full((2, len(rays), 5), np.nan, np.float32)
    space = middle, inverse, norm, 5
    library.call("projected", len(rays), *space, o, d, *rest, rays, p, *found)
    right = project_gaussians.project_gaussians(o, d, *rest, rays, p, box, NORMS[norm])
    np.testing.assert_allclose(found[0], right[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[1], right[1], rtol=2e-4, atol=1e-8)
    grads = random.normal(size=(2, len(rays), 5)).astype(np.float32)
    slopes = np.full((2, *o.shape), np.nan, np.float32)
    library.call("projected_backward", len(o), *space, o, d, *rest, packed, p, *grads, *slopes)

    def value(o, d):
        seen = project_gaussians.project_gaussians(o, d, *rest, rays, p, box, NORMS[norm])
        return (np.stack(seen) * grads).sum()

    assert_near(slopes[0], differences(lambda x: value(x, d), o), 1e-3)
    assert_near(slopes[1], differences(lambda x: value(o, x), d), 1e-3)


def test_gradients_of_gaussians_and_their_encoding(library):
    (o, d, *rest), rays, packed = rays_and_samples()
    random = np.random.default_rng(3)
    grads = random.normal(size=(2, len(rays), 3)).astype(np.float32)
    found = np.full((2, *o.shape), np.nan, np.float32)
    library.call("gaussians_backward", len(o), d, *rest, packed, *grads, *found)

    def of_rays(o, d):
        return (np.stack(frustum_gaussians.frustum_gaussians(o, d, *rest, rays)) * grads).sum()

    assert_near(found[0], differences(lambda x: of_rays(x, d), o), 1e-3)
    assert_near(found[1], differences(lambda x: of_rays(o, x), d), 1e-3)
    means, variances = random.random((9, 3)).astype(np.float32), np.full((9, 3), 0.01, np.float32)
    how = 4, 0.5, 0.25
    values = integrated_encode.integrated_encode(means, variances, *how).astype(np.float32)
    grad, found = (
        random.normal(size=values.shape).astype(np.float32),
        np.full((2, 9, 3), np.nan, np.float32),
    )
    library.call("integrated_backward", 9, 3, *how, values, grad, *found)

    def of_waves(m, v):
        return (integrated_encode.integrated_encode(m, v, *how) * grad).sum()

    assert_near(found[0], differences(lambda x: of_waves(x, variances), means), 1e-3)
    assert_near(found[1], differences(lambda x: of_waves(means, x), variances), 1e-3)
