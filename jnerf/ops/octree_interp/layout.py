"""Sparse octrees: which voxels there are, and which rows their corners share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import jittor as jt
import numpy as np
from numpy.typing import NDArray

#: Levels below the root, at most: 2^10 voxels along an axis.
MOST_LEVELS = 10
#: Grids of at most so many vertices are numbered by marking them, others by sorting.
_MARKED = 2**25
#: Corner c of a voxel, and child c, are at the upper side of axis k where bit k of c is set.
_OFFSETS = np.array([[c >> k & 1 for k in range(3)] for c in range(8)], np.int32)


def morton(cells: NDArray) -> NDArray[np.int64]:
    """Interleaves the bits of cells (x, y, z), each below 2^21: bit b of axis k becomes bit 3 b + k.

    >>> morton(np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [3, 0, 1]])).tolist()
    [1, 2, 4, 13]
    """
    codes = np.zeros(len(cells), np.int64)
    for axis in range(3):
        spread = np.asarray(cells[:, axis], np.int64)
        for shift, mask in _SPREAD:
            spread = (spread | spread << shift) & mask
        codes |= spread << axis
    return codes


def unmorton(codes: NDArray) -> NDArray[np.int32]:
    """The inverse of ``morton``: int32 [N, 3].

    >>> unmorton(np.array([13])).tolist()
    [[3, 0, 1]]
    """
    axes = []
    for axis in range(3):
        packed = np.asarray(codes, np.int64) >> axis & _SPREAD[-1][1]
        for (shift, _), (_, mask) in zip(
            _SPREAD[::-1], [*_SPREAD[-2::-1], (0, 2**21 - 1)], strict=True
        ):
            packed = (packed | packed >> shift) & mask
        axes.append(packed)
    return np.stack(axes, axis=1).astype(np.int32)


_SPREAD = [
    (32, 0x1F00000000FFFF),
    (16, 0x1F0000FF0000FF),
    (8, 0x100F00F00F00F00F),
    (4, 0x10C30C30C30C30C3),
    (2, 0x1249249249249249),
]


@dataclass(frozen=True, eq=False)
class Octree:
    """A sparse octree over the unit cube, features at the corners of its voxels from level ``base`` on.

    The root is level 0, voxels of level l have the edge 2^-l, and every branch reaches level ``depth``: a voxel exists
    where a leaf lies in it. Nodes are numbered level after level, in Morton order; so are the rows of corners, those
    of a level in the order of ``vertices``.

    Attributes:
        base: the coarsest level with features.
        codes: Morton codes of each level's voxels, ascending, int64 [V_l]; from the root to the leaves.
        masks: which of its children each node above the leaves has, uint8; the whole tree, packed.
        nodes: (first child, mask of children) of each node above the leaves, int32 [N, 2].
        corners: rows of the eight corners of each voxel of the levels with features, int32 [V, 8].
        row_table: ``row_starts`` for kernels, int32 [L + 1].
        vertices: of each level with features, the vertices that have rows, ascending, as (z n + y) n + x, where n is
            2^l + 1.
    """

    base: int
    codes: list[NDArray[np.int64]]
    masks: NDArray[np.uint8]
    nodes: jt.Var
    corners: jt.Var
    row_table: jt.Var
    vertices: list[NDArray[np.int64]]

    @property
    def depth(self) -> int:
        """The level of the leaves."""
        return len(self.codes) - 1

    @property
    def n_levels(self) -> int:
        """Levels with features, L."""
        return len(self.vertices)

    @cached_property
    def starts(self) -> list[int]:
        """The first node of each level, and their number."""
        return [0, *np.cumsum([len(codes) for codes in self.codes]).tolist()]

    @cached_property
    def row_starts(self) -> list[int]:
        """The first row of each level with features, and their number."""
        return [0, *np.cumsum([len(keys) for keys in self.vertices]).tolist()]

    @property
    def n_rows(self) -> int:
        """Rows of all levels."""
        return self.row_starts[-1]

    @property
    def n_leaves(self) -> int:
        """Voxels of the finest level."""
        return len(self.codes[-1])

    @property
    def dense(self) -> bool:
        """Whether no voxel is missing."""
        return self.n_leaves == 8**self.depth

    def leaf_cells(self) -> NDArray[np.int32]:
        """(x, y, z) of the leaves in units of their edge, int32 [V, 3]."""
        return unmorton(self.codes[-1])

    def rows_of(self, older: Octree) -> NDArray[np.int64]:
        """For each row, that of the same vertex of the same level in another tree of the same base; -1: none."""
        found = []
        for lod, keys in enumerate(self.vertices):
            if lod >= older.n_levels or len(older.vertices[lod]) == 0:
                found.append(np.full(len(keys), -1, np.int64))
                continue
            known = older.vertices[lod]
            at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
            found.append(np.where(known[at] == keys, at + older.row_starts[lod], -1))
        return np.concatenate(found)


def octree_of(codes: NDArray, depth: int, base: int) -> Octree:
    """The tree whose leaves have these Morton codes.

    Args:
        codes: of voxels of level ``depth``; in any order, repeated or not.
        depth: 1 to ``MOST_LEVELS``.
        base: the coarsest level with features, 0 to ``depth``.

    Raises:
        ValueError: no leaf, a code that the level does not have, or levels out of range.
    """
    if not 1 <= depth <= MOST_LEVELS or not 0 <= base <= depth:
        raise ValueError(
            f"an octree's depth is {depth} and its coarsest level with features {base}; they must be in "
            f"1 .. {MOST_LEVELS} and in 0 .. depth"
        )
    leaves = np.unique(np.asarray(codes, np.int64))
    if len(leaves) == 0 or leaves[0] < 0 or leaves[-1] >= 8**depth:
        raise ValueError(
            f"an octree of depth {depth} needs leaves with Morton codes in 0 .. {8**depth - 1}; got {len(leaves)} "
            f"different ones" + (f", {leaves[0]} .. {leaves[-1]}" if len(leaves) else "")
        )
    levels, masks = [leaves], []
    for _ in range(depth):
        children = levels[0]
        parents, first = np.unique(children >> 3, return_index=True)
        bits = np.left_shift(1, children & 7).astype(np.uint8)
        masks.insert(0, np.bitwise_or.reduceat(bits, first))
        levels.insert(0, parents)
    return _with_tables(levels, np.concatenate(masks), base)


def dense_octree(depth: int, base: int) -> Octree:
    """The tree with every voxel.

    >>> tree = dense_octree(2, 1)
    >>> tree.n_leaves, tree.n_rows
    (64, 152)
    """
    return octree_of(np.arange(8**depth), depth, base)


def octree_of_points(points: NDArray, depth: int, base: int) -> Octree:
    """The tree whose leaves hold points: samples of a surface, a cloud.

    Args:
        points: in [0, 1]^3, float [N, 3]; others are left out.
        depth: level of the leaves.
        base: the coarsest level with features.

    Raises:
        ValueError: no point is in the cube, or levels are out of range.

    >>> octree_of_points(np.array([[0.1, 0.1, 0.1], [0.9, 0.9, 1.0], [7.0, 0.0, 0.0]]), 1, 0).codes[1].tolist()
    [0, 7]
    """
    points = np.asarray(points, np.float64).reshape(-1, 3)
    inside = points[((points >= 0) & (points <= 1)).all(1)]
    if len(inside) == 0:
        raise ValueError(f"none of {len(points)} points is in the unit cube; an octree needs one")
    cells = np.minimum((inside * 2**depth).astype(np.int32), 2**depth - 1)
    return octree_of(morton(cells), depth, base)


def octree_of_grid(mask: NDArray, base: int) -> Octree:
    """The tree whose leaves are the marked cells of a grid.

    Args:
        mask: bool [R, R, R] in the order z, y, x; R a power of two.
        base: the coarsest level with features.

    Raises:
        ValueError: another shape, or nothing is marked.
    """
    mask = np.asarray(mask, bool)
    n = mask.shape[0] if mask.ndim else 0
    if mask.ndim != 3 or set(mask.shape) != {n} or n < 2 or n & (n - 1):
        raise ValueError(
            f"a grid of cells is bool {list(mask.shape)}; give [R, R, R], R a power of two"
        )
    cells = np.argwhere(mask)[:, ::-1]
    return octree_of(morton(cells), n.bit_length() - 1, base)


def octree_of_masks(masks: NDArray[np.uint8], base: int) -> Octree:
    """The tree that packs to these masks of children, from the root on.

    Raises:
        ValueError: they are no whole tree.
    """
    masks = np.asarray(masks, np.uint8).reshape(-1)
    levels, at = [np.zeros(1, np.int64)], 0
    while at < len(masks):
        parents, part = levels[-1], masks[at : at + len(levels[-1])]
        if len(part) < len(parents) or (part == 0).any():
            break
        bits = np.unpackbits(part[:, None], axis=1, bitorder="little").astype(bool)
        children = (parents[:, None] << 3) + np.arange(8)
        levels.append(children[bits])
        at += len(parents)
    if at != len(masks) or not 1 <= len(levels) - 1 <= MOST_LEVELS or base > len(levels) - 1:
        raise ValueError(f"{len(masks)} bytes are no octree: masks of children end within a level")
    return _with_tables(levels, masks, base)


def leaf_neighbourhood(codes: NDArray, depth: int, distance: int) -> NDArray[np.int64]:
    """Morton codes of voxels and of those at most ``distance`` away along each axis, as far as they are in the cube.

    >>> len(leaf_neighbourhood(np.array([0]), 3, 1)), len(leaf_neighbourhood(np.array([0]), 3, 0))
    (8, 1)
    """
    codes = np.unique(np.asarray(codes, np.int64))
    if distance < 1:
        return codes
    cells = unmorton(codes)
    for axis in range(3):
        shifted = [
            cells + by * np.eye(3, dtype=np.int32)[axis] for by in range(-distance, distance + 1)
        ]
        cells = np.concatenate(shifted)
        cells = cells[(cells[:, axis] >= 0) & (cells[:, axis] < 2**depth)]
        cells = unmorton(np.unique(morton(cells)))
    return morton(cells)


def _with_tables(levels: list[NDArray], masks: NDArray, base: int) -> Octree:
    """Numbers nodes and rows."""
    counts = np.unpackbits(masks[:, None], axis=1).sum(1)
    first = 1 + np.concatenate([[0], np.cumsum(counts)[:-1]])
    nodes = np.stack([first, masks], axis=1).astype(np.int32)
    corners, vertices, row_starts, row = [], [], [0], 0
    for level in range(base, len(levels)):
        rows, keys = _corners(levels[level], level)
        corners.append(rows + row)
        vertices.append(keys)
        row += len(keys)
        row_starts.append(row)
        if row >= 2**31:
            raise ValueError(
                f"an octree of {len(levels[-1])} leaves has more than 2^31 - 1 corners"
            )
    arrays = [nodes, np.concatenate(corners).astype(np.int32), np.int32(row_starts)]
    tables = [jt.array(array).stop_grad() for array in arrays]
    jt.sync(tables)
    return Octree(base, levels, masks, *tables, vertices)


def _corners(codes: NDArray, level: int) -> tuple[NDArray, NDArray]:
    """Numbers of the corners of a level's voxels, [V, 8], and the vertices that they are of."""
    n = 2**level + 1
    whole = np.int32 if n**3 < 2**31 else np.int64
    low = unmorton(codes).astype(whole) @ np.array([1, n, n * n], whole)
    keys = low[:, None] + (_OFFSETS.astype(whole) @ np.array([1, n, n * n], whole))
    if n**3 > _MARKED:
        vertices, rows = np.unique(keys, return_inverse=True)
        return rows.reshape(keys.shape).astype(np.int32), vertices.astype(np.int64)
    marked = np.zeros(n**3, bool)
    marked[keys.reshape(-1)] = True
    numbers = np.cumsum(marked, dtype=np.int32) - 1
    return numbers[keys], np.flatnonzero(marked)


def vertex_positions(tree: Octree) -> Sequence[NDArray[np.float32]]:
    """Where the corners of each level with features lie in the unit cube, float32 [rows, 3]."""
    found = []
    for lod, keys in enumerate(tree.vertices):
        edge = 2 ** (tree.base + lod)
        n = edge + 1
        cells = np.stack([keys % n, keys // n % n, keys // (n * n)], axis=1)
        found.append((cells / edge).astype(np.float32))
    return found
