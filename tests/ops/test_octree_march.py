"""octree_march: the leaves along rays against all leaves one by one, samples in them, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.common.rays.box import ray_box
from jnerf.ops.octree_interp import dense_octree, morton, octree_of
from jnerf.ops.octree_march import octree_march, reference

UNIT = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0)
LONG = (-1.0, 0.5, -2.0, 2.0, 1.5, 2.0)


def sparse_tree(depth=4, share=0.2, seed=0):
    random = np.random.default_rng(seed)
    return octree_of(random.choice(8**depth, max(1, int(share * 8**depth)), False), depth, 0)


def rays(n, aabb, seed=0):
    """From outside, from inside, along axes."""
    random = np.random.default_rng(seed)
    low, high = np.split(np.float64(aabb), 2)
    target = low + random.random((n, 3)) * (high - low)
    o = low + (random.random((n, 3)) * 3 - 1) * (high - low)
    d = target - o
    for k in range(3):
        d[k::7] *= np.eye(3)[k]  # every seventh along an axis
    d[3::7, 0] = 0
    return o.astype(np.float32), (d / np.linalg.norm(d, axis=1, keepdims=True)).astype(np.float32)


def by_ray(found, n):
    """(t_start, t_end, leaf) of each ray's samples."""
    columns = found.intervals.t_starts, found.intervals.t_ends, found.leaves
    rows = np.stack([c.numpy().astype(np.float64) for c in columns], axis=1)
    packed, indices = found.intervals.packed_info.numpy(), found.intervals.ray_indices.numpy()
    parts = [rows[first : first + count] for first, count in packed]
    assert len(parts) == n and sum(map(len, parts)) == len(rows)
    np.testing.assert_array_equal(indices, np.repeat(np.arange(n), packed[:, 1]))
    return parts


def long_enough(rows, least=1e-4):
    """A ray that touches a voxel's edge may be said to cross it, or not."""
    return rows[rows[:, 1] - rows[:, 0] > least]


@pytest.mark.parametrize("aabb", [UNIT, LONG])
@pytest.mark.parametrize("depth, share", [(1, 0.5), (4, 0.05), (4, 1.0), (6, 0.02)])
def test_leaves_along_rays_are_those_of_the_reference(device, depth, share, aabb):
    tree = dense_octree(depth, 0) if share == 1 else sparse_tree(depth, share)
    o, d = rays(150, aabb, depth)
    found = by_ray(octree_march(jt.array(o), jt.array(d), tree, aabb, 0.05, 5.0), 150)
    hits = 0
    for ray in range(150):
        expected = long_enough(reference.leaf_intervals(o[ray], d[ray], tree, aabb, 0.05, 5.0))
        got = long_enough(found[ray])
        assert got[:, 2].tolist() == expected[:, 2].tolist()
        np.testing.assert_allclose(got, expected, atol=2e-5)
        assert (np.diff(found[ray][:, :2].ravel()) >= -1e-6).all()  # in order, none over another
        hits += len(got)
    assert hits > 40


@pytest.mark.parametrize("per_leaf", [2, 5])
@pytest.mark.parametrize("step", [None, 7])
def test_intervals_in_each_leaf(device, per_leaf, step):
    tree = sparse_tree(3, 0.4)
    o, d = rays(40, UNIT)
    o[::7], d[::7] = o[1], d[1]  # not along an axis: no doubt about what is met
    d = np.where(np.abs(d) < 1e-3, 0.1, d).astype(np.float32)
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    how = {"per_leaf": per_leaf, "seed": 3, "step": step}
    found = by_ray(octree_march(jt.array(o), jt.array(d), tree, UNIT, 0.0, 9.0, **how), 40)
    some = 0
    for ray in range(40):
        expected = reference.octree_march(o[ray], d[ray], tree, UNIT, 0.0, 9.0, ray, **how)
        if len(expected) == len(found[ray]):  # else one of them has seen a sliver more
            np.testing.assert_allclose(found[ray], expected, atol=1e-5)
            some += len(expected) > 0
    assert some > 12
    plain = by_ray(octree_march(jt.array(o), jt.array(d), tree, UNIT, 0.0, 9.0), 40)
    for whole, cut in zip(plain, found, strict=True):
        np.testing.assert_array_equal(whole[:, 0], cut[::per_leaf, 0])
        np.testing.assert_array_equal(whole[:, 1], cut[per_leaf - 1 :: per_leaf, 1])


@pytest.mark.parametrize("step", [None, 3])
def test_steps_along_the_ray_are_those_in_leaves(device, step):
    tree, length = sparse_tree(4, 0.3), 0.013
    o, d = rays(60, UNIT, 5)
    how = {"length": length, "seed": 5, "step": step}
    found = by_ray(octree_march(jt.array(o), jt.array(d), tree, UNIT, 0.0, 9.0, **how), 60)
    total = 0
    for ray in range(60):
        span = ray_box(o[ray], d[ray], UNIT, 0.0, 9.0)
        if span is None:
            assert len(found[ray]) == 0
            continue
        expected = reference.octree_march(
            o[ray], d[ray], tree, UNIT, 0.0, 9.0, ray, t_in=float(span[0]), **how
        )
        # a lattice point on a face may be given to either side, or be missed where one side is empty
        middles, wanted = found[ray][:, :2].mean(1), expected[:, :2].mean(1)
        assert abs(len(middles) - len(wanted)) <= 1
        common = [m for m in middles if np.abs(wanted - m).min(initial=1) < 1e-5]
        assert len(common) >= len(wanted) - 1
        np.testing.assert_allclose(found[ray][:, 1] - found[ray][:, 0], length, atol=1e-6)
        assert (np.diff(middles) > 0.9 * length).all()
        total += len(common)
    assert total > 300


def test_a_dense_tree_takes_every_lattice_point(device):
    """Leaves abut: no point may be lost or counted twice between them."""
    o, d = np.float32([[-0.5, 0.31, 0.77]]), np.float32([[1.0, 0.13, -0.21]])
    d /= np.linalg.norm(d)
    (rows,) = by_ray(
        octree_march(jt.array(o), jt.array(d), dense_octree(6, 0), UNIT, 0.0, 9.0, length=0.002), 1
    )
    np.testing.assert_allclose(np.diff(rows[:, 0]), 0.002, atol=2e-6)
    span = ray_box(o[0], d[0], UNIT, 0.0, 9.0)
    assert len(rows) == pytest.approx((span[1] - span[0]) / 0.002, abs=1)


def test_rays_along_faces_and_corners_end(device):
    """Exactly along faces, edges and diagonals, in both directions; the sum of lengths is that of the box."""
    tree, n = dense_octree(4, 0), 16
    starts = [
        [-1, 0.25, 0.5],
        [-1, 0.0, 1.0],
        [-0.5, -0.5, -0.5],
        [0.5, 1.5, 0.5],
        [1.25, -0.25, 0.5],
    ]
    ways = [[1, 0, 0], [1, 0, 0], [1, 1, 1], [0, -1, 0], [-1, 1, 0]]
    o, d = np.float32(starts), np.float64(ways)
    d = (d / np.linalg.norm(d, axis=1, keepdims=True)).astype(np.float32)
    found = by_ray(octree_march(jt.array(o), jt.array(d), tree, UNIT, 0.0, 9.0), 5)
    for rows, length in zip(found, [1, 1, np.sqrt(3), 1, np.sqrt(2)], strict=True):
        assert np.diff(rows[:, :2], axis=1).sum() == pytest.approx(length, abs=1e-4)
        assert n <= len(long_enough(rows)) <= 3 * n


def test_budgets(device):
    tree = dense_octree(3, 0)
    o, d = np.float32([[-1, 0.2, 0.2]] * 4), np.float32([[1, 0, 0]] * 4)
    given = jt.array(o), jt.array(d), tree, UNIT, 0.0, 9.0
    found = octree_march(*given, max_steps=5)
    assert found.intervals.packed_info.numpy()[:, 1].tolist() == [5] * 4
    found = octree_march(*given, max_samples=17)
    assert found.intervals.packed_info.numpy()[:, 1].tolist() == [8, 8, 0, 0]
    assert found.intervals.wanted == 32


def test_nothing(device):
    tree = octree_of(morton(np.array([[0, 0, 0]])), 2, 0)
    none = octree_march(jt.zeros((0, 3)), jt.zeros((0, 3)), tree, UNIT, 0.0, 9.0)
    assert len(none.intervals) == 0 and none.leaves.shape == [0]
    misses = (
        jt.array(np.float32([[-1, 0.9, 0.9], [5, 5, 5]])),
        jt.array(np.float32([[1, 0, 0]] * 2)),
    )
    found = octree_march(*misses, tree, UNIT, 0.0, 9.0)
    assert found.intervals.packed_info.numpy()[:, 1].tolist() == [0, 0]
    assert len(octree_march(*misses, dense_octree(2, 0), UNIT, 3.0, 2.0).intervals) == 0


def test_bits_do_not_depend_on_threads():
    tree = sparse_tree(5, 0.1)
    o, d = (jt.array(a) for a in rays(500, UNIT))

    def run():
        found = octree_march(o, d, tree, UNIT, 0.0, 9.0, per_leaf=2, step=1)
        return [v.numpy() for v in (found.intervals.t_starts, found.leaves)]

    for one, many in zip(with_threads(1, run), with_threads(7, run), strict=True):
        np.testing.assert_array_equal(one, many)


def test_wrong_arguments():
    given = jt.zeros((1, 3)), jt.ones((1, 3)), dense_octree(1, 0), UNIT, 0.0, 1.0
    for wrong in ({"per_leaf": 0}, {"max_steps": 0}, {"length": 0.0}):
        with pytest.raises(
            ValueError, match="they must be at least 1, at least 1, and None or above 0"
        ):
            octree_march(*given, **wrong)
