"""Jittor ops of an octree's features: forward, gradients to the table and the positions, and second derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing
from jnerf.ops.octree_interp.layout import Octree

_OP = "octree_interp"
_SAMPLES = """
const jnerf::OctreeNodes tree{in0_p, in1_p, (int)data["base"], (int)data["last"], (int64_t)data["first"]};
const jnerf::OctreeSamples s{tree, (int64_t)in2->shape[0], data["apart"] != 0, in2_p, in3_p,
    data["turned"] != 0 ? in4_p : nullptr};
"""
_LARGEST = 64  # features of a row: each count is a kernel of its own


@dataclass(frozen=True)
class _Lookup:
    """One lookup: where, in what, and how levels are put together."""

    positions: jt.Var
    table: jt.Var
    tree: Octree
    n_levels: int
    apart: bool

    @property
    def shape(self) -> list[int]:
        """Of the features."""
        n, width = self.positions.shape[0], self.table.shape[1]
        return [self.n_levels, n, width] if self.apart else [n, width]

    def run(self, call: str, shape: Sequence[int], inputs: Sequence[jt.Var] = (), turned: jt.Var | None = None,
            dtype: str = "float32") -> jt.Var:  # fmt: skip
        """Runs ``jnerf::<call>``, whose further inputs are in5, in6 ..."""
        tree = self.tree
        data = {
            "base": tree.base,
            "last": tree.base + self.n_levels - 1,
            "first": tree.starts[tree.base],
        }
        data |= {"apart": self.apart, "turned": turned is not None}
        given = [tree.nodes, tree.corners, self.positions, self.table]
        given += [nothing() if turned is None else turned, *inputs]
        source = f"{_SAMPLES}jnerf::{call};"
        return code_op(_OP, [list(shape)], [dtype], given, source, data)[0]

    def features(self, turned: jt.Var | None = None) -> jt.Var:
        """Features, or with ``turned`` their derivative along directions [S, 3]."""
        return self.run(
            f"octree_features<{self.table.shape[1]}>(s, out0_p)", self.shape, turned=turned
        )

    def table_grad(self, grad: jt.Var, turned: jt.Var | None = None) -> jt.Var:
        """What ``grad`` of the features adds up to in the table."""
        where = [self.positions.shape[0], self.n_levels]
        voxels = self.run("octree_locate(s, out0_p)", where, dtype="int32")
        call = f"octree_table_grad<{self.table.shape[1]}>(s, in5_p, in6_p, in7_p, out0_p, out0->shape[0])"
        return self.run(call, self.table.shape, [voxels, self.tree.row_table, grad], turned)

    def kept(self, values: jt.Var) -> jt.Var:
        """The values of samples that a leaf holds, 0 of others, [S]."""
        return self.run("octree_keep(s, in5_p, out0_p)", values.shape, [values])

    def position_grad(self, kernel: str, grad: jt.Var, turned: jt.Var | None = None) -> jt.Var:
        """What ``octree_pull`` or ``octree_curvature`` makes of ``grad``, [S, 3]."""
        call = f"{kernel}<{self.table.shape[1]}>(s, in5_p, out0_p)"
        return self.run(call, self.positions.shape, [grad], turned)


class _Interp(Function):
    """``known``: None to look features up, or what an earlier lookup gave."""

    def execute(self, positions, table, known, tree, n_levels, apart, wants_positions):
        self.lookup = _Lookup(positions, table, tree, n_levels, apart)
        self.wants_positions = wants_positions
        return self.lookup.features() if known is None else known

    def grad(self, grad):
        of_positions = None
        if self.wants_positions:
            of_positions = self.lookup.position_grad("octree_pull", grad)
        return of_positions, self.lookup.table_grad(grad), None, None, None, None, None


class _Pull(Function):
    def execute(self, positions, table, v, tree, n_levels, apart, wanted):
        self.lookup, self.v = _Lookup(positions, table, tree, n_levels, apart), v
        self.wanted = wanted
        return self.lookup.position_grad("octree_pull", v)

    def grad(self, g):
        lookup, (positions, table, v) = self.lookup, self.wanted
        return (
            lookup.position_grad("octree_curvature", self.v, g) if positions else None,
            lookup.table_grad(self.v, g) if table else None,
            lookup.features(g) if v else None,
            *[None] * 4,
        )


class _Kept(Function):
    def execute(self, values, lookup):
        self.lookup = lookup
        return lookup.kept(values)

    def grad(self, grad):
        return self.lookup.kept(grad), None


def octree_interp(
    positions: jt.Var, table: jt.Var, tree: Octree, n_levels: int | None = None, apart: bool = False
) -> jt.Var:
    """Features of an octree, interpolated between the eight corners of each position's voxel at every level.

    A voxel holds its lower faces, and its upper ones at the border of the cube. Where a level has no voxel its features
    are zero; so are all features of positions outside the cube or that are not finite. On the CPU each row's gradient
    belongs to one thread, which adds its samples in a fixed order: the result is the same for any thread count.

    Args:
        positions: float32 [S, 3]; those in [0, 1]^3 are in the cube.
        table: features of all corners, float32 [tree.n_rows, F], F at most 64.
        tree: the voxels.
        n_levels: how many levels are looked up, from the coarsest with features; None: all.
        apart: keep levels apart instead of adding them up.

    Returns:
        float32 [S, F], or apart [L, S, F]. Gradients go to the table, and to the positions unless they are
        ``stop_grad``; once only, see ``octree_pull``.

    Raises:
        ValueError: wrong shape or dtype, or the tree has fewer levels.

    >>> from jnerf.ops.octree_interp import dense_octree
    >>> tree = dense_octree(1, 0)
    >>> octree_interp(jt.array([[0.5, 0.5, 0.2], [2.0, 0.0, 0.0]]), jt.ones((35, 1)), tree).numpy().tolist()
    [[2.0], [0.0]]
    """
    lookup = _check(positions, table, tree, n_levels, apart)
    if positions.shape[0] == 0:
        return jt.zeros(lookup.shape)
    return _Interp()(
        positions, table, None, tree, lookup.n_levels, apart, not positions.is_stop_grad()
    )


def octree_interp_known(
    positions: jt.Var,
    table: jt.Var,
    features: jt.Var,
    tree: Octree,
    n_levels: int | None = None,
    apart: bool = False,
) -> jt.Var:
    """``octree_interp`` whose result, ``features``, is known already: only gradients are left to compute.

    Args:
        positions: as of ``octree_interp``.
        table: the table that the features come from.
        features: what ``octree_interp`` gave for these positions and this table; gets no gradient.
        tree: as of ``octree_interp``.
        n_levels: as of ``octree_interp``.
        apart: as of ``octree_interp``.

    Raises:
        ValueError: the shapes do not fit one another.
    """
    lookup = _check(positions, table, tree, n_levels, apart)
    if list(features.shape) != lookup.shape:
        raise ValueError(
            f"the features have shape {list(features.shape)}; these positions need {lookup.shape}"
        )
    if positions.shape[0] == 0:
        return jt.zeros(lookup.shape)
    where = tree, lookup.n_levels, apart, not positions.is_stop_grad()
    return _Interp()(positions, table, features.detach(), *where)


def octree_pull(
    positions: jt.Var,
    table: jt.Var,
    v: jt.Var,
    tree: Octree,
    n_levels: int | None = None,
    apart: bool = False,
) -> jt.Var:
    """The gradient by position of a scalar whose gradient by the features of ``octree_interp`` is ``v``.

    For losses of normals: unlike Jittor's own gradient it can be differentiated again, in positions, table and ``v``.
    Within a voxel it is constant along an axis, and it jumps between voxels.

    Args:
        positions: as of ``octree_interp``.
        table: as of ``octree_interp``.
        v: float32 [S, F], or apart [L, S, F].
        tree: as of ``octree_interp``.
        n_levels: as of ``octree_interp``.
        apart: as of ``octree_interp``.

    Returns:
        float32 [S, 3], per unit of the cube; 0 outside the tree.

    Raises:
        ValueError: the shapes do not fit one another.
    """
    lookup = _check(positions, table, tree, n_levels, apart)
    if list(v.shape) != lookup.shape:
        raise ValueError(f"v has shape {list(v.shape)}; these positions need {lookup.shape}")
    if positions.shape[0] == 0:
        return jt.zeros((0, 3))
    wanted = [not x.is_stop_grad() for x in (positions, table, v)]
    return _Pull()(positions, table, v, tree, lookup.n_levels, apart, wanted)


def octree_kept(values: jt.Var, positions: jt.Var, tree: Octree) -> jt.Var:
    """Values of positions that a leaf holds, and 0 of the others.

    Args:
        values: float32 [S].
        positions: as of ``octree_interp``.
        tree: the voxels.

    Returns:
        float32 [S]. Gradients go to the values, and can be differentiated once.

    Raises:
        ValueError: the shapes do not fit one another.

    >>> from jnerf.ops.octree_interp import dense_octree
    >>> octree_kept(jt.ones(2), jt.array([[0.5, 0.5, 0.2], [2.0, 0.0, 0.0]]), dense_octree(1, 0)).numpy().tolist()
    [1.0, 0.0]
    """
    lookup = _check(positions, nothing(ndim=2), tree, None, False, rows=2)
    if list(values.shape) != [positions.shape[0]]:
        raise ValueError(
            f"octree_kept: the values are {list(values.shape)}; these positions need {[positions.shape[0]]}"
        )
    return _Kept()(values, lookup) if positions.shape[0] else values


def _check(
    positions: jt.Var,
    table: jt.Var,
    tree: Octree,
    n_levels: int | None,
    apart: bool,
    rows: int | None = None,
) -> _Lookup:
    if positions.ndim != 2 or positions.shape[1] != 3 or positions.dtype != "float32":
        raise ValueError(
            f"octree_interp: positions are {positions.dtype} {list(positions.shape)}; give float32 [S, 3]"
        )
    rows = tree.n_rows if rows is None else rows
    if (
        table.ndim != 2
        or table.dtype != "float32"
        or table.shape[0] != rows
        or not 1 <= table.shape[1] <= _LARGEST
    ):
        raise ValueError(
            f"octree_interp: the table is {table.dtype} {list(table.shape)}; this tree needs float32 "
            f"[{rows}, F], F in 1 .. {_LARGEST}"
        )
    n_levels = tree.n_levels if n_levels is None else n_levels
    if not 1 <= n_levels <= tree.n_levels:
        raise ValueError(
            f"octree_interp: n_levels is {n_levels}; this tree has 1 .. {tree.n_levels} levels with features"
        )
    return _Lookup(positions, table, tree, n_levels, apart)
