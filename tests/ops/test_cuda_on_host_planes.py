"""The CUDA paths of tri-planes and of the explicit decoder's dot products, run on the CPU, against the references."""

import numpy as np
import pytest

from jnerf.ops.plane_interp import PlaneLayout, reference
from jnerf.ops.plane_interp.layout import COMBINATIONS
from jnerf.ops.plane_variation.reference import plane_variation
from jnerf.ops.ray_dots import reference as dots


@pytest.fixture(scope="module", params=["planes", "planes_75"])
def library(request, cuda_host):
    found = cuda_host.library(request.param)
    found.play()
    return found


@pytest.mark.parametrize("combine", COMBINATIONS)
@pytest.mark.parametrize("summed", [False, True])
@pytest.mark.parametrize("n_features, n", [(1, 60), (8, 40), (8, 0)])
def test_lookups_and_their_derivatives(library, combine, summed, n_features, n):
    layout = PlaneLayout((4, 7), n_features, combine, summed)
    random = np.random.default_rng(n)
    x = random.uniform(-0.1, 1.1, (n, 3)).astype(np.float32)
    table = random.normal(size=(layout.n_rows, n_features)).astype(np.float32)
    features = layout.groups, n, layout.width
    grad = random.normal(size=features).astype(np.float32)
    directions = random.normal(size=(n, 3)).astype(np.float32)
    shapes = features, (n, 3), table.shape, features, table.shape
    found = [np.full(s, np.nan, np.float32) for s in shapes]
    shape = np.int32([2, n_features, COMBINATIONS.index(combine), summed])
    arguments = [n, shape, np.int32(layout.resolutions), x, table, grad, directions, *found]
    library.call("interp", *arguments)
    exact = [a.astype(np.float64) for a in (x, table, grad)]
    np.testing.assert_allclose(found[0], reference.plane_interp(*exact[:2], layout), atol=1e-5)
    right = reference.plane_interp_grad(*exact[:2], layout, exact[2])
    for a, b in zip(found[1:3], right, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=5e-4)
    # the gradient by position along the directions, moved in the features' gradient and in the table

    def along(rows, of_features):
        return (
            reference.plane_interp_grad(exact[0], rows, layout, of_features)[0] * directions
        ).sum()

    way = random.normal(size=features)
    assert (found[3] * way).sum() == pytest.approx(along(exact[1], way), rel=1e-3, abs=1e-2)
    way, h = random.normal(size=table.shape), 1e-5
    slope = (along(exact[1] + h * way, exact[2]) - along(exact[1] - h * way, exact[2])) / (2 * h)
    assert (found[4] * way).sum() == pytest.approx(slope, rel=1e-3, abs=1e-2)


@pytest.mark.parametrize("g, n_features", [(2, 1), (5, 3), (9, 8)])
def test_variation(library, g, n_features):
    layout = PlaneLayout((g,), n_features)
    random = np.random.default_rng(g)
    table = random.normal(size=(layout.n_rows, n_features)).astype(np.float32)
    out, grad = np.full(1, np.nan, np.float32), np.full_like(table, np.nan)
    library.call("variation", g, n_features, table, np.ones(1, np.float32), out, grad)
    exact = table.astype(np.float64)
    assert out[0] == pytest.approx(plane_variation(exact, layout), rel=1e-5)
    way, h = random.normal(size=table.shape), 1e-5
    ahead, behind = (plane_variation(exact + s * way, layout) for s in (h, -h))
    assert (grad * way).sum() == pytest.approx((ahead - behind) / (2 * h), rel=1e-4)


@pytest.mark.parametrize("groups, width", [(1, 5), (3, 16)])
def test_dots(library, groups, width):
    random = np.random.default_rng(0)
    counts = np.array([4, 0, 9])
    n, rays = counts.sum(), np.repeat(np.arange(3), counts).astype(np.int32)
    packed = np.stack([np.cumsum(counts) - counts, counts], 1).astype(np.int32)
    shapes = (groups, n, width), (3, 3, groups * width), (n, 3)
    features, vectors, grad = (random.normal(size=s).astype(np.float32) for s in shapes)
    found = [np.full(s, np.nan, np.float32) for s in (shapes[2], shapes[0], shapes[1])]
    shape = np.int32([n, groups, width, 3])
    library.call("dots", shape, 3, features, vectors, rays, packed, grad, *found)
    np.testing.assert_allclose(found[0], dots.ray_dots(features, vectors, rays), atol=1e-5)
    for a, b in zip(found[1:], dots.ray_dots_grad(features, vectors, rays, grad), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)
