"""The tree of boxes over a mesh's triangles, as arrays without pointers.

Triangles are halved at the median of their middles along the longest side, until eight are left: a leaf. Three halvings
make a node with eight children, whose numbers are 8 i + 1 .. 8 i + 8; the root of a tree whose halvings are no multiple
of three has fewer. Since every half has as many triangles as the other, all leaves lie at the same depth, and where a
leaf is short of triangles it repeats some.
"""

from __future__ import annotations

from dataclasses import dataclass

import jittor as jt
import numpy as np
from numpy.typing import ArrayLike, NDArray

WIDTH = 8  # children of a node, and triangles of a leaf
#: Numbers of a node: low and high corners of its children's boxes; of each child the middle of its area, the sum of
#: its triangles' normals by area, and a radius around that middle in which they lie.
BOX_ROWS, AREA_ROWS = 6, 7
#: Normals of a triangle: of itself, of the edges ab, bc, ca, and of the corners a, b, c.
FEATURES = 7

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MeshTree:
    """A mesh of F triangles as the kernels walk through it.

    Attributes:
        boxes: of each node, float32 [N, 6, 8].
        areas: of each node, float32 [N, 7, 8].
        triangles: corners by leaf, float32 [L, 9, 8].
        numbers: the triangle at each place, ~number where it is repeated, int32 [L, 8].
        normals: of each triangle's features, unit or 0, float32 [F, 7, 3].
        depth: levels of nodes above the leaves.
        low: least corner of all, float32 [3].
        high: greatest corner of all, float32 [3].
    """

    boxes: jt.Var
    areas: jt.Var
    triangles: jt.Var
    numbers: jt.Var
    normals: jt.Var
    depth: int
    low: NDArray[np.float32]
    high: NDArray[np.float32]

    @property
    def n_faces(self) -> int:
        """How many triangles there are."""
        return self.normals.shape[0]


def mesh_tree(vertices: ArrayLike, faces: ArrayLike) -> MeshTree:
    """Builds the tree.

    Args:
        vertices: [V, 3]; kernels compute in float32, so the mesh should lie near the origin for its size.
        faces: three different vertices each, counter-clockwise seen from outside, int [F, 3]; F at least 1.

    Raises:
        ValueError: there is no triangle, or an array has another shape.
    """
    vertices, faces = np.asarray(vertices, np.float64), np.asarray(faces, np.int64)
    if vertices.ndim != 2 or vertices.shape[1:] != (3,) or faces.shape[1:] != (3,):
        raise ValueError(
            f"vertices are {vertices.shape} and faces {faces.shape}; they must be [V, 3] and [F, 3]"
        )
    if not len(faces):
        raise ValueError("a mesh without triangles has no nearest point")
    corners = vertices.astype(np.float32).astype(np.float64)[faces]
    order, repeated = _order(corners.mean(axis=1))
    halvings = int(np.log2(len(order) // WIDTH))
    depth = max(1, -(-halvings // 3))
    leaves = corners[order].reshape(-1, WIDTH, 3, 3)
    numbers = np.where(repeated, ~order, order).reshape(-1, WIDTH)
    boxes, areas = _nodes(leaves, ~repeated.reshape(-1, WIDTH), depth)
    by_leaf = leaves.reshape(-1, WIDTH, 9).transpose(0, 2, 1)
    arrays = boxes, areas, by_leaf, numbers.astype(np.int32), feature_normals(corners, faces)
    arrays = (a if a.dtype == np.int32 else a.astype(np.float32) for a in arrays)
    low, high = (getattr(corners, end)(axis=(0, 1)).astype(np.float32) for end in ("min", "max"))
    kept = (jt.array(np.ascontiguousarray(array)).stop_grad() for array in arrays)
    return MeshTree(*kept, depth, low, high)


def _order(middles: Floats) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Triangles in the order of the leaves, 8 2^k of them, and which of them stand there a second time."""
    n = len(middles)
    halvings = max(0, int(np.ceil(np.log2(n / WIDTH))))
    order = np.arange(WIDTH << halvings) * n // (WIDTH << halvings)
    if n < WIDTH:
        order = np.arange(WIDTH) % n
    for level in range(halvings):
        parts = order.reshape(1 << level, -1)
        places = middles[parts]
        axis = np.ptp(places, axis=1).argmax(axis=1)
        along = np.take_along_axis(places, axis[:, None, None], axis=2)[..., 0]
        half = parts.shape[1] // 2
        split = np.argpartition(along, half - 1, axis=1)
        order = np.take_along_axis(parts, split, axis=1).reshape(-1)
    first = np.zeros(len(order), bool)
    first[np.unique(order, return_index=True)[1]] = True
    return order, ~first


def _nodes(
    leaves: Floats, counted: NDArray[np.bool_], depth: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Boxes and areas of all nodes, from the leaves [L, 8, 3, 3] upwards."""
    n_nodes = (WIDTH**depth - 1) // (WIDTH - 1)
    boxes = np.empty((n_nodes, BOX_ROWS, WIDTH), np.float32)
    boxes[:, :3], boxes[:, 3:] = np.inf, -np.inf
    areas = np.zeros((n_nodes, AREA_ROWS, WIDTH), np.float32)
    low, high = leaves.min(axis=(1, 2)), leaves.max(axis=(1, 2))
    normals = 0.5 * np.cross(leaves[:, :, 1] - leaves[:, :, 0], leaves[:, :, 2] - leaves[:, :, 0])
    normals *= counted[..., None]
    sizes = np.linalg.norm(normals, axis=2)
    moments = (sizes[..., None] * leaves.mean(axis=2)).sum(axis=1)
    sizes, normals = sizes.sum(axis=1), normals.sum(axis=1)
    for level in range(depth - 1, -1, -1):
        first = (WIDTH**level - 1) // (WIDTH - 1)
        middles = np.where(
            sizes[:, None] > 0, moments / np.maximum(sizes, 1e-300)[:, None], 0.5 * (low + high)
        )
        radii = np.linalg.norm(np.maximum(high - middles, middles - low), axis=1)
        parts = [low, high, middles, normals, radii[:, None]]
        rows = _by_eight(np.concatenate(parts, axis=1), np.nan)
        n = len(rows)
        known = ~np.isnan(rows)
        boxes[first : first + n] = np.where(known[:, :6], rows[:, :6], boxes[first : first + n])
        areas[first : first + n] = np.where(known[:, 6:], rows[:, 6:], 0)
        low = _by_eight(low, np.inf).min(axis=2)
        high = _by_eight(high, -np.inf).max(axis=2)
        moments, normals = (_by_eight(part, 0).sum(axis=2) for part in (moments, normals))
        sizes = _by_eight(sizes[:, None], 0).sum(axis=2)[:, 0]
    return boxes, areas


def _by_eight(rows: Floats, fill: float) -> Floats:
    """Rows [n, C] as [n / 8, C, 8], filled up where the root has fewer children."""
    lacking = -len(rows) % WIDTH
    if lacking:
        rows = np.concatenate([rows, np.full((lacking, rows.shape[1]), fill)])
    return rows.reshape(-1, WIDTH, rows.shape[1]).transpose(0, 2, 1)


def feature_normals(corners: Floats, faces: NDArray[np.int64]) -> Floats:
    """Normals that tell the sides of a closed mesh at any nearest point (Baerentzen and Aanaes 2005,
    https://doi.org/10.1109/TVCG.2005.49): of corners, those of the triangles around by their angles there; of edges,
    those of the triangles that share them.

    Args:
        corners: of each triangle, [F, 3, 3].
        faces: vertices, int [F, 3].

    Returns:
        Unit or 0, [F, 7, 3]; see ``FEATURES``.
    """
    sides = np.roll(corners, -1, axis=1) - corners  # ab, bc, ca
    flat = np.cross(sides[:, 0], sides[:, 1])
    flat = _unit(flat, least=1e-12 * np.square(sides).sum(axis=2).max(axis=1, keepdims=True))
    ways = _unit(sides)
    cosines = -np.einsum("fik,fik->fi", ways, np.roll(ways, 1, axis=1))
    angles = np.arccos(np.clip(cosines, -1, 1))
    ends = np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2)
    ends.sort(axis=1)
    edges = np.unique(ends[:, 0] * (int(faces.max()) + 1) + ends[:, 1], return_inverse=True)[1]
    of_edges = _summed(edges.reshape(-1), np.repeat(flat, 3, axis=0))
    of_corners = _summed(faces.reshape(-1), (angles[..., None] * flat[:, None]).reshape(-1, 3))
    parts = flat[:, None], of_edges.reshape(-1, 3, 3), of_corners.reshape(-1, 3, 3)
    return np.concatenate(parts, axis=1)


def _summed(groups: NDArray[np.int64], values: Floats) -> Floats:
    """The unit sum of a value's group for each value [K, 3]."""
    sums = np.stack([np.bincount(groups, column) for column in values.T], axis=1)
    return _unit(sums)[groups]


def _unit(vectors: Floats, least: float | Floats = 1e-300) -> Floats:
    """Vectors [..., 3] of length 1; those not longer than ``least`` are 0."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(lengths > least, vectors / np.maximum(lengths, 1e-300), 0.0)
