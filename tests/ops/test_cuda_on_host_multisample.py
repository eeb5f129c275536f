"""The CUDA paths of points with a width, run on the CPU, against the references."""

import numpy as np
import pytest

from jnerf.ops.cone_points import reference as cones
from jnerf.ops.hash_encode import HashGridLayout
from jnerf.ops.level_squares.reference import level_squares
from jnerf.ops.multisample_encode import reference

SMALL = {"n_levels": 4, "table_size": 2**9, "min_resolution": 4, "max_resolution": 32}


@pytest.fixture(scope="module", params=["multisample", "multisample_75"])
def library(request, cuda_host):
    found = cuda_host.library(request.param)
    found.play()
    return found


@pytest.mark.parametrize("sized", [False, True])
@pytest.mark.parametrize("n_features, n, n_points", [(1, 70, 6), (2, 33, 1), (4, 40, 6), (4, 0, 6)])
def test_lookups_and_their_gradients(library, n_features, n, n_points, sized):
    layout = HashGridLayout(**SMALL, n_features=n_features, centred=True)
    random = np.random.default_rng(n)
    points = random.random((n_points, n, 3)).astype(np.float32)
    widths = (10.0 ** random.uniform(-4, 0, (n_points, n))).astype(np.float32)
    table = random.normal(size=(layout.n_rows, n_features)).astype(np.float32)
    sizes = random.random(4).astype(np.float32) if sized else None
    right = reference.multisample_encode(
        *(a.astype(np.float64) for a in (points, widths, table)), layout, sizes, 10.0
    )
    grad = random.normal(size=right.shape).astype(np.float32)
    found = [np.full(a.shape, np.nan, np.float32) for a in (right, table, points)]
    shape = np.int32([n_points, n, layout.n_levels, n_features])
    where = points, widths, table, layout.scales, layout.meta, sizes, 10.0, grad
    library.call("multisample", shape, *where, *found[:2], len(table), found[2])
    np.testing.assert_allclose(found[0], right, rtol=1e-4, atol=2e-4)
    exact = [a.astype(np.float64) for a in (points, widths, table)]
    right = reference.multisample_grad(*exact, layout, grad, 10.0)
    np.testing.assert_allclose(found[1], right[1], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found[2], right[0], rtol=1e-3, atol=2e-2)


def test_level_squares(library):
    layout = HashGridLayout(**SMALL, n_features=2)
    table = np.random.default_rng(0).normal(size=(layout.n_rows, 2)).astype(np.float32)
    grad = np.arange(1, 5, dtype=np.float32)
    out, grad_table = np.full(4, np.nan, np.float32), np.full_like(table, np.nan)
    library.call("squares", 4, 2, table.size, table, layout.meta, grad, out, grad_table)
    np.testing.assert_allclose(out, level_squares(table, layout), rtol=1e-5)
    by = np.repeat(grad / (2 * layout.rows), layout.rows)[:, None]
    np.testing.assert_allclose(grad_table, 2 * table * by, rtol=1e-5)


@pytest.mark.parametrize("step", [None, 3])
@pytest.mark.parametrize("kind, norm", [(0, "none"), (1, "l2"), (2, "linf")])
def test_points_of_cones(library, kind, norm, step):
    random = np.random.default_rng(0)
    n_rays, per_ray = 6, 4
    n = n_rays * per_ray
    aabb = np.float64([-1, -2, -3, 3, 2, 5])
    d = random.normal(size=(n_rays, 3))
    edges = np.sort(random.random((n_rays, per_ray + 1)) * 6, 1)
    arrays = [random.normal(size=(n_rays, 3)), d / np.linalg.norm(d, axis=1, keepdims=True)]
    arrays += [random.random((n_rays, 1)) * 0.05, edges[:, :-1].ravel(), edges[:, 1:].ravel()]
    arrays = [np.ascontiguousarray(a, np.float32) for a in arrays]
    rays = np.repeat(np.arange(n_rays), per_ray).astype(np.int32)
    packed = np.stack([np.arange(n_rays) * per_ray, np.full(n_rays, per_ray)], 1).astype(np.int32)
    half, middle = (aabb[3:] - aabb[:3]) / 2, (aabb[3:] + aabb[:3]) / 2
    width = np.exp(-np.log(half * (2 if kind == 0 else 4)).mean())
    numbers = np.float32([*middle, *1 / half, width])
    sizes = np.int32([kind, step is not None, 7, step or 0, 5])
    grad = random.normal(size=(6, n, 3)).astype(np.float32)
    shapes = (6, n, 3), (6, n), (n_rays, 3), (n_rays, 3)
    found = [np.full(s, np.nan, np.float32) for s in shapes]
    library.call("cone", n, n_rays, *arrays, rays, packed, numbers, sizes, grad, *found)
    exact = [a.astype(np.float64) for a in arrays]
    how = {"aabb": aabb, "norm": norm, "seed": 7, "step": step, "draw": 5}
    points, widths = cones.cone_points(*exact, rays, packed, **how)
    np.testing.assert_allclose(found[0], points, atol=5e-6)
    np.testing.assert_allclose(found[1], widths, rtol=5e-5)
    # origins moved along a direction
    way, h = random.normal(size=(n_rays, 3)), 1e-6
    ahead, behind = (
        (cones.cone_points(exact[0] + s * way, *exact[1:], rays, packed, **how)[0] * grad).sum()
        for s in (h, -h)
    )
    assert (found[2] * way).sum() == pytest.approx((ahead - behind) / (2 * h), rel=1e-3, abs=1e-3)
