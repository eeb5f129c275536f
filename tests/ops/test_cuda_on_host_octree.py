"""The CUDA paths of octrees' ops, run on the CPU, against the references."""

import numpy as np
import pytest

from jnerf.ops.codebook import reference as codebook
from jnerf.ops.octree_interp import octree_of, reference
from jnerf.ops.octree_march import reference as march


@pytest.fixture(scope="module")
def library(cuda_host):
    found = cuda_host.library("octree")
    found.play()
    return found


@pytest.fixture(scope="module")
def tree():
    return octree_of(np.random.default_rng(0).choice(512, 200, False), 3, 1)


def tables(tree, apart=False, n_levels=None):
    last = tree.base + (n_levels or tree.n_levels) - 1
    sizes = np.int32([tree.base, last, tree.starts[tree.base], apart])
    return tree.nodes.numpy(), tree.corners.numpy(), sizes


@pytest.mark.parametrize("n", [0, 1, 300])
@pytest.mark.parametrize("apart, n_levels", [(False, 3), (True, 2)])
def test_features_and_gradients(library, tree, n, apart, n_levels):
    random = np.random.default_rng(n)
    x = random.random((n, 3)).astype(np.float32)
    table = random.normal(size=(tree.n_rows, 5)).astype(np.float32)
    shape = (n_levels, n, 5) if apart else (n, 5)
    v, g = (
        random.normal(size=shape).astype(np.float32),
        random.normal(size=(n, 3)).astype(np.float32),
    )
    where, how = tables(tree, apart, n_levels), (tree, n_levels, apart)
    out, to_table = np.full(shape, np.nan, np.float32), np.full_like(table, np.nan)
    voxels = np.full((n, n_levels), -7, np.int32)
    library.call("features", n, *where, x, table, None, v, tree.n_rows, out, voxels, to_table)
    np.testing.assert_allclose(out, reference.octree_interp(x, table, *how), atol=2e-5)
    first = reference.octree_interp_grad(x, table, tree, v, n_levels, apart)
    np.testing.assert_allclose(to_table, first[1], atol=5e-5)
    turned, to_turned = np.full(shape, np.nan, np.float32), np.full_like(table, np.nan)
    library.call("features", n, *where, x, table, g, v, tree.n_rows, turned, voxels, to_turned)
    second = reference.octree_pull_grad(x, table, v, tree, g, n_levels, apart)
    np.testing.assert_allclose(turned, second[2], atol=2e-4)
    np.testing.assert_allclose(to_turned, second[1], atol=5e-4)
    pulled, curved = np.full((2, n, 3), np.nan, np.float32)
    library.call("gradients", n, *where, x, table, g, v, pulled, curved)
    np.testing.assert_allclose(pulled, first[0], atol=3e-4)
    np.testing.assert_allclose(curved, second[0], atol=3e-3)


@pytest.mark.parametrize("n", [0, 1, 300])
def test_values_in_leaves(library, tree, n):
    random = np.random.default_rng(n)
    x = (random.random((n, 3)) * 1.2 - 0.1).astype(np.float32)
    values, kept = np.ones(n, np.float32), np.full(n, np.nan, np.float32)
    library.call("keep", n, *tables(tree), x, values, kept)
    np.testing.assert_array_equal(kept, reference.octree_kept(values, x, tree))


@pytest.mark.parametrize("n", [0, 1, 70])
@pytest.mark.parametrize("per_leaf, length", [(2, 1.0), (0, 0.03)])
def test_march(library, tree, n, per_leaf, length):
    random = np.random.default_rng(n)
    o = (random.random((n, 3)) * 3 - 1).astype(np.float32)
    d = random.random((n, 3)) - o
    d = (d / np.linalg.norm(d, axis=1, keepdims=True)).astype(np.float32)
    sizes = np.int32([tree.depth, tree.starts[tree.depth], per_leaf, 0])
    packed, totals = np.zeros((n, 2), np.int32), np.zeros(2, np.int32)
    given = n, o, d, tree.nodes.numpy(), sizes, length, packed, totals
    library.call("march", *given, None, None, None, None)
    starts, ends = np.full((2, totals[0]), np.nan, np.float32)
    rays, leaves = np.full((2, totals[0]), -1, np.int32)
    library.call("march", *given, starts, ends, rays, leaves)
    assert packed[:, 1].sum() == totals[0] == totals[1] and np.isfinite(starts).all()
    np.testing.assert_array_equal(rays, np.repeat(np.arange(n), packed[:, 1]))
    box = (0.0, 0, 0, 1, 1, 1)
    for ray in range(n):
        crossed = march.leaf_intervals(o[ray], d[ray], tree, box, 0.0, 9.0)
        own = slice(packed[ray, 0], packed[ray].sum())
        long = (ends - starts)[own] > 1e-4
        if per_leaf:
            expected = crossed[crossed[:, 1] - crossed[:, 0] > 2e-4, 2]
            assert leaves[own][long].tolist() == np.repeat(expected, 2).tolist()
        else:
            assert set(leaves[own]) <= set(crossed[:, 2]) and long.all()


@pytest.mark.parametrize("rows", [(1,), (40, 0, 70)])
def test_codebook(library, rows):
    random = np.random.default_rng(0)
    starts, n = np.int32([0, *np.cumsum(rows)]), sum(rows)
    logits = random.normal(size=(n, 16)).astype(np.float32)
    books = random.normal(size=(len(rows), 16, 5)).astype(np.float32)
    grad = random.normal(size=(n, 5)).astype(np.float32)
    grad[::3] = 0
    values, chosen = np.full_like(grad, np.nan), np.full(n, -1, np.int32)
    grads = np.full_like(logits, np.nan), np.full_like(books, np.nan)
    library.call(
        "codebook", n, logits, books, starts, len(rows), 16, 5, grad, values, chosen, *grads
    )
    np.testing.assert_array_equal(values, codebook.codebook_lookup(logits, books, starts))
    np.testing.assert_array_equal(chosen, np.argmax(logits, 1))
    for found, expected in zip(
        grads, codebook.codebook_grad(logits, books, starts, grad), strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=1e-5)
