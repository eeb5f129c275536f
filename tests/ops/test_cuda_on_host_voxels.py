"""The CUDA paths of a voxel grid's ops, run on the CPU, against the references."""

import numpy as np
import pytest

from jnerf.ops.rmsprop import reference as rmsprop
from jnerf.ops.voxel_grid import layout_of, reference
from jnerf.ops.voxel_variation.reference import voxel_variation
from tests.ops.ray_gradients import assert_near, differences

SHAPE = np.int32([5, 6, 7])


@pytest.fixture(scope="module")
def library(cuda_host):
    found = cuda_host.library("voxels")
    found.play()
    return found


@pytest.fixture
def grid():
    random = np.random.default_rng(3)
    layout = layout_of(random.random(SHAPE) < 0.7)
    sh = reference.pack_sh(random.normal(size=(layout.n_rows, 3, 9)).astype(np.float32))
    density = random.normal(size=(layout.n_rows, 1)).astype(np.float32)
    return layout, density, sh


@pytest.mark.parametrize("n", [0, 1, 31, 257, 900])
def test_field(library, grid, n):
    layout, density, sh = grid
    random = np.random.default_rng(n)
    d = random.normal(size=(7, 3))
    d = (d / np.linalg.norm(d, axis=1, keepdims=True)).astype(np.float32)
    x = random.random((n, 3)).astype(np.float32)
    rays = random.integers(0, 7, n).astype(np.int32)
    grads = random.normal(size=n).astype(np.float32), random.normal(size=(n, 3)).astype(np.float32)
    links = layout.links.numpy()
    found = [np.full(s, np.nan, np.float32) for s in (n, (n, 3), density.shape, sh.shape)]
    arguments = [n, links, SHAPE, x, d, rays, density, sh, *found[:2], *grads]
    library.call("field", *arguments, layout.planes.numpy(), layout.n_rows, *found[2:])
    right = reference.voxel_field(x, d, rays, links, density, sh)
    np.testing.assert_allclose(found[0], right[0], atol=2e-6)
    np.testing.assert_allclose(found[1], right[1], atol=5e-6)
    # Linear in the density where it is not cut off, and in the coefficients beside the half.
    shown = right[1] > 0
    assert (found[2] * density).sum() == pytest.approx(
        (grads[0] * right[0]).sum(), rel=1e-3, abs=1e-3
    )
    colors = ((right[1] - 0.5) * grads[1] * shown).sum()
    assert (found[3] * sh).sum() == pytest.approx(colors, rel=1e-3, abs=1e-3)
    np.testing.assert_array_equal(found[3][:, 27:], 0)


def test_field_by_rays(library, grid):
    layout, density, sh = grid
    random = np.random.default_rng(5)
    d = random.normal(size=(40, 3))
    d = (d / np.linalg.norm(d, axis=1, keepdims=True)).astype(np.float32)
    x, own = random.random((40, 3)).astype(np.float32), np.arange(40, dtype=np.int32)
    links = layout.links.numpy()
    grads = (
        random.normal(size=40).astype(np.float32),
        random.normal(size=(40, 3)).astype(np.float32),
    )

    def value(x, d):
        right = reference.voxel_field(x, d, own, links, density, sh)
        return sum((v * g).sum() for v, g in zip(right, grads, strict=True))

    seen = [v.astype(np.float32) for v in reference.voxel_field(x, d, own, links, density, sh)]
    found = np.full((2, 40, 3), np.nan, np.float32)
    arguments = [40, links, SHAPE, x, d, own, density, sh, *seen, *grads]
    library.call("field_rays", *arguments, *found)
    assert_near(found[0], differences(lambda y: value(y, d), x), 1e-3)
    assert_near(found[1], differences(lambda y: value(x, y), d), 1e-3)


@pytest.mark.parametrize("n", [0, 1, 300])
@pytest.mark.parametrize("width", [1, 5, 32])
def test_interpolation(library, grid, n, width):
    random = np.random.default_rng(n)
    links, values = grid[0].links.numpy(), random.normal(size=(grid[0].n_rows, width))
    x, values = random.random((n, 3)).astype(np.float32), values.astype(np.float32)
    out = np.full((n, width), np.nan, np.float32)
    library.call("voxels", n, links, SHAPE, width, x, values, out)
    np.testing.assert_allclose(out, reference.voxel_interp(x, links, values), atol=2e-6)


@pytest.mark.parametrize("first, count", [(0, 1), (20, 50), (100, 60)])
def test_variation(library, grid, first, count):
    layout, _, values = grid
    links, n = layout.links.numpy(), layout.n_rows
    assert first < n
    out, grads = np.full(1, np.nan, np.float32), np.full_like(values, np.nan)
    arguments = [links, layout.cells.numpy(), SHAPE, n, first, count, 32, values, out]
    library.call("variation", *arguments, grads)
    assert out[0] == pytest.approx(voxel_variation(values, links, first, count), rel=1e-4)
    direction, h = np.random.default_rng(1).normal(size=values.shape), 1e-5
    ahead, behind = (voxel_variation(values + s * direction, links, first, count) for s in (h, -h))
    slope = (ahead - behind) / (2 * h)
    assert (grads * direction).sum() == pytest.approx(slope, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("shape", [(0, 32), (1, 1), (70, 32), (300, 5)])
def test_rmsprop(library, shape):
    random = np.random.default_rng(0)
    param, grad, v = (random.normal(size=shape).astype(np.float32) for _ in range(3))
    grad[::3], v = 0, np.abs(v) * (random.random(shape) < 0.5).astype(np.float32)
    found = [param.copy(), v.copy()]
    library.call("rmsprop", *shape, 1e-2, 0.95, 0.05, 1e-8, grad, *found)
    for a, b in zip(found, rmsprop.rmsprop_rows(param, grad, v, 1e-2), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
