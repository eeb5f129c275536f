"""octree_interp: trees, reference against kernel, first and second derivatives, edge cases."""

import jittor as jt
import numpy as np
import pytest
from finite_differences import row_gradient
from threads import with_threads

from jnerf.ops.octree_interp import (
    dense_octree,
    leaf_neighbourhood,
    morton,
    octree_interp,
    octree_interp_known,
    octree_kept,
    octree_of,
    octree_of_grid,
    octree_of_masks,
    octree_of_points,
    octree_pull,
    reference,
    unmorton,
    vertex_positions,
)


def sparse_tree(depth=4, base=1, share=0.3, seed=0):
    random = np.random.default_rng(seed)
    n_leaves = 8**depth
    return octree_of(random.choice(n_leaves, max(1, int(share * n_leaves)), False), depth, base)


def arrays(tree, n, width, apart=False, n_levels=None, seed=0, dtype=np.float32):
    """Positions, the table, what is given for the features, and for the positions."""
    random = np.random.default_rng(seed)
    levels = n_levels or tree.n_levels
    x = random.random((n, 3)).astype(dtype)
    table = random.normal(size=(tree.n_rows, width)).astype(dtype)
    v = random.normal(size=(levels, n, width) if apart else (n, width)).astype(dtype)
    return x, table, v, random.normal(size=(n, 3)).astype(dtype)


def same(found, expected, atol=2e-5):
    size = max(1.0, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(found, expected, atol=atol * size)


# --- trees ---


def test_codes_interleave_bits_and_come_back():
    cells = np.random.default_rng(0).integers(0, 2**21, (100, 3))
    codes = morton(cells)
    np.testing.assert_array_equal(unmorton(codes), cells)
    bits = [
        sum((int(c[k]) >> b & 1) << (3 * b + k) for b in range(21) for k in range(3)) for c in cells
    ]
    assert codes.tolist() == bits


def test_parents_are_the_union_of_their_children_and_corners_are_shared():
    tree = sparse_tree()
    for below, above in zip(tree.codes[1:], tree.codes[:-1], strict=True):
        np.testing.assert_array_equal(np.unique(below >> 3), above)
    assert tree.n_levels == 4 and tree.starts[-1] == sum(map(len, tree.codes))
    corners, first = tree.corners.numpy(), 0
    for lod, codes in enumerate(tree.codes[tree.base :]):
        rows = corners[first : first + len(codes)]
        first += len(codes)
        # the positions of a voxel's rows are those of its corners, each of them once in the level
        at = vertex_positions(tree)[lod][rows - tree.row_starts[lod]] * 2 ** (tree.base + lod)
        bits = np.array([[c >> k & 1 for k in range(3)] for c in range(8)])
        np.testing.assert_allclose(at, unmorton(codes)[:, None] + bits, atol=1e-5)
        assert set(rows.ravel()) == set(range(*tree.row_starts[lod : lod + 2]))
        assert len(np.unique(tree.vertices[lod])) == len(tree.vertices[lod])
    assert first == len(corners)


def test_a_dense_tree_has_every_vertex():
    tree = dense_octree(3, 2)
    assert tree.dense and tree.n_leaves == 512 and tree.n_rows == 5**3 + 9**3
    assert not sparse_tree().dense


def test_vertices_are_numbered_alike_by_marking_and_by_sorting(monkeypatch):
    marked = sparse_tree()
    monkeypatch.setattr("jnerf.ops.octree_interp.layout._MARKED", 0)
    by_sorting = sparse_tree()
    np.testing.assert_array_equal(marked.corners.numpy(), by_sorting.corners.numpy())
    for a, b in zip(marked.vertices, by_sorting.vertices, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("depth, base", [(1, 0), (3, 0), (4, 2), (5, 5)])
def test_the_packed_tree_comes_back(depth, base):
    tree = sparse_tree(depth, base, seed=depth)
    again = octree_of_masks(tree.masks, base)
    assert tree.masks.dtype == np.uint8 and len(tree.masks) == tree.starts[depth]
    for name in ("nodes", "corners", "row_table"):
        np.testing.assert_array_equal(getattr(again, name).numpy(), getattr(tree, name).numpy())
    np.testing.assert_array_equal(again.codes[-1], tree.codes[-1])


def test_trees_of_points_and_of_grids():
    random = np.random.default_rng(0)
    mask = random.random((8, 8, 8)) < 0.2
    of_grid = octree_of_grid(mask, 1)
    z, y, x = np.nonzero(mask)
    middles = (np.stack([x, y, z], 1) + 0.5) / 8
    of_points = octree_of_points(middles, 3, 1)
    np.testing.assert_array_equal(of_grid.codes[-1], of_points.codes[-1])
    assert (
        octree_kept(jt.ones(len(middles)), jt.array(middles.astype(np.float32)), of_grid).numpy()
        == 1
    ).all()
    assert of_grid.n_leaves == mask.sum()


def test_rows_of_another_tree():
    old, new = sparse_tree(3, 1, 0.5), sparse_tree(4, 1, 0.1, seed=1)
    rows = new.rows_of(old)
    old_at = np.concatenate(
        [np.c_[np.full(len(p), i), p] for i, p in enumerate(vertex_positions(old))]
    )
    new_at = np.concatenate(
        [np.c_[np.full(len(p), i), p] for i, p in enumerate(vertex_positions(new))]
    )
    known = {tuple(at): i for i, at in enumerate(old_at)}
    assert rows.tolist() == [known.get(tuple(at), -1) for at in new_at]
    assert (rows >= 0).any() and (rows < 0).any()


def test_neighbourhoods():
    found = leaf_neighbourhood(morton(np.array([[3, 3, 3], [0, 0, 0]])), 3, 1)
    cells = {tuple(c) for c in unmorton(found)}
    assert cells == {(x, y, z) for x in (2, 3, 4) for y in (2, 3, 4) for z in (2, 3, 4)} | {
        (x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)
    }
    assert len(leaf_neighbourhood(np.array([7, 7]), 3, 0)) == 1


def test_wrong_trees():
    with pytest.raises(ValueError, match="depth is 11"):
        octree_of(np.array([0]), 11, 0)
    with pytest.raises(ValueError, match="needs leaves with Morton codes in 0 .. 63; got 0"):
        octree_of(np.array([], int), 2, 0)
    with pytest.raises(ValueError, match="64 .. 64"):
        octree_of(np.array([64]), 2, 0)
    with pytest.raises(ValueError, match="none of 1 points is in the unit cube"):
        octree_of_points(np.array([[2.0, 0, 0]]), 3, 0)
    with pytest.raises(ValueError, match=r"bool \[3, 3, 3\]; give \[R, R, R\], R a power of two"):
        octree_of_grid(np.ones((3, 3, 3), bool), 0)
    with pytest.raises(ValueError, match="4 bytes are no octree"):
        octree_of_masks(np.uint8([3, 1, 1, 1]), 0)
    with pytest.raises(ValueError, match="2 bytes are no octree"):
        octree_of_masks(np.uint8([1, 0]), 0)


# --- the reference is right: float64, central differences ---


@pytest.mark.parametrize("apart", [False, True])
def test_reference_gradients_by_finite_differences(apart):
    tree = sparse_tree(3, 1, 0.6)
    x, table, v, g = arrays(tree, 12, 3, apart, dtype=np.float64)

    def scalars(positions):
        features = reference.octree_interp(positions, table, tree, apart=apart)
        return (features * v).sum((0, 2) if apart else 1)[:, None]

    grads = reference.octree_interp_grad(x, table, tree, v, apart=apart)
    same(grads[0], row_gradient(scalars, x, np.ones((12, 1)), 1e-7), 1e-6)
    # linear in the table
    assert (grads[1] * table).sum() == pytest.approx(scalars(x).sum())

    def loss(*arguments):
        return (reference.octree_pull(*arguments, tree, apart=apart) * g).sum()

    grads = reference.octree_pull_grad(x, table, v, tree, g, apart=apart)
    random = np.random.default_rng(3)
    for k, h in ((0, 1e-7), (1, 1e-3), (2, 1e-3)):
        given = [x, table, v]
        for _ in range(4):
            direction = random.normal(size=given[k].shape)
            ends = []
            for sign in (1, -1):
                moved = list(given)
                moved[k] = given[k] + sign * h * direction
                ends.append(loss(*moved))
            numeric = (ends[0] - ends[1]) / (2 * h)
            assert (grads[k] * direction).sum() == pytest.approx(numeric, rel=1e-5, abs=1e-4)


# --- the kernels are the reference ---


@pytest.mark.parametrize(
    "width, apart, n_levels", [(1, False, None), (5, True, 2), (16, False, 3), (16, True, None)]
)
def test_forward_and_backward_match_the_reference(device, width, apart, n_levels):
    tree = sparse_tree()
    x, table, v, g = arrays(tree, 60, width, apart, n_levels)
    x[0], x[1], x[2] = -0.1, [0.5, 1.01, 0.5], np.nan
    given = [jt.array(a) for a in (x, table, v)]
    how = tree, n_levels, apart
    features = octree_interp(*given[:2], *how)
    same(features.numpy(), reference.octree_interp(x, table, *how))
    assert (features.numpy()[..., :3, :] == 0).all()
    found = jt.grad((features * given[2]).sum(), given[:2])
    for one, other in zip(
        found, reference.octree_interp_grad(x, table, tree, v, *how[1:]), strict=True
    ):
        same(one.numpy(), other)
    normals = octree_pull(*given, *how)
    np.testing.assert_array_equal(normals.numpy(), found[0].numpy())
    second = jt.grad((normals * jt.array(g)).sum(), given)
    for one, other in zip(
        second, reference.octree_pull_grad(x, table, v, tree, g, *how[1:]), strict=True
    ):
        same(one.numpy(), other, 1e-4)


@pytest.mark.parametrize("n", [1, 500])
def test_values_in_leaves_are_kept(device, n):
    tree = sparse_tree()
    x = arrays(tree, n, 1, seed=n)[0] * np.float32(1.2) - np.float32(0.1)  # some outside
    x[0] = np.nan
    values = np.random.default_rng(n).normal(size=n).astype(np.float32)
    given = jt.array(values)
    kept = octree_kept(given, jt.array(x), tree)
    right = reference.octree_kept(values, x, tree)
    np.testing.assert_array_equal(kept.numpy(), right)
    assert n == 1 or 0 < (right == 0).sum() < n
    twice = jt.grad((kept * 2).sum(), given).numpy()
    np.testing.assert_array_equal(twice, 2 * reference.octree_kept(np.ones(n), x, tree))


def test_kept_values_need_a_position_each():
    with pytest.raises(ValueError, match=r"values are \[2\]; these positions need \[3\]"):
        octree_kept(jt.ones(2), jt.zeros((3, 3)), sparse_tree())


def test_faces_and_corners(device):
    """A voxel holds its lower faces; the border of the cube belongs to the last one."""
    tree = octree_of(morton(np.array([[1, 1, 1], [3, 3, 3]])), 2, 2)
    x = np.float32(
        [
            [0.25] * 3,
            [0.5, 0.3, 0.3],
            [1.0] * 3,
            [0.75] * 3,
            [np.nextafter(np.float32(0.5), np.float32(0))] * 3,
        ]
    )
    table = np.arange(tree.n_rows, dtype=np.float32)[:, None] + 1
    found = octree_interp(jt.array(x), jt.array(table), tree).numpy()[:, 0]
    rows = tree.corners.numpy()
    np.testing.assert_allclose(found[[0, 2, 3]], 1 + rows[[0, 1, 1], [0, 7, 0]])
    assert found[1] == 0 and found[4] == pytest.approx(1 + rows[0, 7], abs=1e-4)
    assert octree_kept(jt.ones(5), jt.array(x), tree).numpy().tolist() == [1, 0, 1, 1, 1]


def test_one_voxel_and_no_sample(device):
    tree = octree_of(np.array([5]), 1, 0)
    x, table, _, _ = arrays(tree, 40, 2)
    same(
        octree_interp(jt.array(x), jt.array(table), tree).numpy(),
        reference.octree_interp(x, table, tree),
    )
    empty = jt.zeros((0, 3))
    assert list(octree_interp(empty, jt.array(table), tree).shape) == [0, 2]
    assert list(octree_interp(empty, jt.array(table), tree, apart=True).shape) == [2, 0, 2]
    assert list(octree_pull(empty, jt.array(table), jt.zeros((0, 2)), tree).shape) == [0, 3]
    assert list(octree_kept(jt.zeros(0), empty, tree).shape) == [0]


def test_features_that_are_known_have_the_same_gradients(device):
    tree = sparse_tree()
    x, table, v, _ = arrays(tree, 50, 4)
    given = [jt.array(a) for a in (x, table)]
    expected = jt.grad((octree_interp(*given, tree) * jt.array(v)).sum(), given)
    features = octree_interp(*given, tree)
    again = octree_interp_known(*given, features, tree)
    np.testing.assert_array_equal(again.numpy(), features.numpy())
    for one, other in zip(jt.grad((again * jt.array(v)).sum(), given), expected, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_bits_do_not_depend_on_threads():
    tree = sparse_tree(5, 2, 0.2)
    x, table, v, g = arrays(tree, 3000, 8)

    def run():
        given = [jt.array(a) for a in (x, table, v)]
        features = octree_interp(*given[:2], tree)
        normals = octree_pull(*given, tree)
        grads = jt.grad((features * given[2]).sum() + (normals * jt.array(g)).sum(), given)
        return [a.numpy() for a in (features, normals, *grads)]

    results = [with_threads(n, run) for n in (1, 2, 9)]
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_wrong_arguments():
    tree = dense_octree(1, 0)
    table = jt.zeros((35, 2))
    with pytest.raises(ValueError, match=r"positions are float32 \[5, 2\]"):
        octree_interp(jt.zeros((5, 2)), table, tree)
    with pytest.raises(
        ValueError, match=r"table is float32 \[34, 2\]; this tree needs float32 \[35, F\]"
    ):
        octree_interp(jt.zeros((5, 3)), table[:34], tree)
    with pytest.raises(ValueError, match="n_levels is 3; this tree has 1 .. 2"):
        octree_interp(jt.zeros((5, 3)), table, tree, 3)
    with pytest.raises(ValueError, match=r"v has shape \[5, 1\]; these positions need \[5, 2\]"):
        octree_pull(jt.zeros((5, 3)), table, jt.zeros((5, 1)), tree)
    with pytest.raises(ValueError, match=r"features have shape \[4, 2\]"):
        octree_interp_known(jt.zeros((5, 3)), table, jt.zeros((4, 2)), tree)
