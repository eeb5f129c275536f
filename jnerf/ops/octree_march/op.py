"""Jittor op that finds the leaves of an octree along rays, and places samples in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.common.intervals import PackedIntervals, check_budget, read_totals
from jnerf.ops.octree_interp.layout import Octree

_MARCH = """
const jnerf::OctreeMarch march{in0_p, in1_p, in2_p, (int)data["depth"], (int)data["first_leaf"],
    {{(float)data["box0"], (float)data["box1"], (float)data["box2"]},
     {(float)data["box3"], (float)data["box4"], (float)data["box5"]}},
    (float)data["near"], (float)data["far"], (int)data["per_leaf"], (float)data["length"], (int)data["max_steps"],
    (uint32_t)data["seed"], (uint32_t)data["step"], data["jitter"] != 0};
"""
_COUNT = (
    _MARCH
    + 'jnerf::octree_march_count(in0->num / 3, march, (int64_t)data["capacity"], out0_p, out1_p);'
)
_WRITE = (
    _MARCH
    + "jnerf::octree_march_write(in0->num / 3, march, in3_p, {out0_p, out1_p, out2_p, out3_p});"
)


@dataclass(frozen=True)
class OctreeIntervals:
    """Samples in leaves.

    Attributes:
        intervals: packed, along each ray in order.
        leaves: the leaf of each, as ``Octree.codes[-1]`` numbers them, int32 [S].
    """

    intervals: PackedIntervals
    leaves: jt.Var


def octree_march(
    rays_o: jt.Var,
    rays_d: jt.Var,
    tree: Octree,
    aabb: Sequence[float],
    near: float,
    far: float,
    per_leaf: int = 1,
    length: float | None = None,
    max_steps: int = 1024,
    seed: int = 0,
    step: int | None = None,
    max_samples: int | None = None,
) -> OctreeIntervals:
    """Samples in the leaves that rays meet, in their order.

    With ``per_leaf`` the part of the ray in each leaf is cut into so many intervals, whose inner edges are moved by up
    to half an interval in training; 1 gives the traversal itself. With ``length`` samples are of that length, around
    the points of a lattice of that spacing along the ray (begun at a random place in training) that lie in a leaf.

    Args:
        rays_o: origins, float32 [R, 3], field units.
        rays_d: unit directions, float32 [R, 3].
        tree: the voxels.
        aabb: (min xyz, max xyz), where the tree's cube lies.
        near: smallest distance.
        far: largest distance.
        per_leaf: intervals of each leaf; not with ``length``.
        length: of samples, field units; None: ``per_leaf`` counts.
        max_steps: most samples of a ray.
        seed: seed of the jitter.
        step: training step, part of the jitter's key; None: no jitter.
        max_samples: the first ray that would exceed it and all rays after get no sample.

    Returns:
        The samples. Nothing is differentiable: where samples lie is data.

    Raises:
        ValueError: a number is out of its range.

    >>> from jnerf.ops.octree_interp import dense_octree
    >>> rays = jt.array([[-1.0, 0.2, 0.2]]), jt.array([[1.0, 0.0, 0.0]])
    >>> found = octree_march(*rays, dense_octree(1, 0), (0, 0, 0, 1, 1, 1), 0.0, 10.0)
    >>> found.intervals.t_starts.numpy().tolist(), found.leaves.numpy().tolist()
    ([1.0, 1.5], [0, 1])
    """
    if per_leaf < 1 or max_steps < 1 or not (length is None or length > 0):
        raise ValueError(
            f"octree_march: per_leaf is {per_leaf}, max_steps {max_steps} and length {length}; they must be at least "
            "1, at least 1, and None or above 0"
        )
    n, capacity = rays_o.shape[0], check_budget(max_samples)
    if n == 0:
        return _none(0, 0)
    data = {f"box{i}": float(value) for i, value in enumerate(aabb)}
    data |= {"depth": tree.depth, "first_leaf": tree.starts[tree.depth], "near": near, "far": far}
    data |= {"per_leaf": per_leaf if length is None else 0, "length": length or 1.0}
    data |= {"max_steps": max_steps, "capacity": capacity}
    data |= {"seed": seed, "step": step or 0, "jitter": step is not None}
    given = [rays_o, rays_d, tree.nodes]
    packed, totals = code_op("octree_march", [(n, 2), (2,)], ["int32"] * 2, given, _COUNT, data)
    kept, wanted = read_totals(totals, max_samples)
    if kept == 0:
        return _none(n, wanted)
    shapes, dtypes = [(kept,)] * 4, ["float32", "float32", "int32", "int32"]
    found = code_op("octree_march", shapes, dtypes, [*given, packed], _WRITE, data)
    t_starts, t_ends, ray_indices, leaves = (v.stop_grad() for v in found)
    intervals = PackedIntervals(t_starts, t_ends, ray_indices, packed.stop_grad(), wanted)
    return OctreeIntervals(intervals, leaves)


def _none(n_rays: int, wanted: int) -> OctreeIntervals:
    return OctreeIntervals(PackedIntervals.empty(n_rays, wanted), jt.zeros((0,), "int32"))
