"""Which side each part of a mesh faces: a closed one outwards, or inwards where it is a cavity of another."""

from __future__ import annotations

from dataclasses import dataclass

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.mesh.topology import Edges, Ints, connected
from jnerf.datasets.mesh.triangles import Triangles
from jnerf.ops.mesh_distance import mesh_tree, winding_number

#: Volume, of that of the box, that what is open must have around its middle to be inside out: a dish has either sign.
_HOLLOW = 0.05
#: Of a part as flat as a sheet, a volume is what rounding leaves.
_ROUNDED = 1e-9
#: How far in front of a triangle a point lies, of its longest side; at least so much of the mesh's size, for kernels
#: compute in float32.
_BEFORE, _LEAST = 1e-3, 2e-6
#: Triangles of each part before which is looked, beside those that reach farthest; of many parts so many in all.
_EACH, _ALL = 26, 200_000


@dataclass(frozen=True, eq=False)
class Facing:
    """Parts of a mesh, which are triangles that hang together by edges of two.

    Attributes:
        parts: of each triangle the number of its part, int [F].
        turn: which parts to turn round, bool [K].
        depths: in how many closed parts each lies, int [K]; 0 for those that are not closed.
        crossing: which closed parts lie partly within another, or wholly and face outwards as it does, bool [K].
    """

    parts: Ints
    turn: NDArray[np.bool_]
    depths: Ints
    crossing: NDArray[np.bool_]


def facing(mesh: Triangles, edges: Edges, mended: bool) -> Facing:
    """How the parts of a mesh ought to face.

    A closed part faces outwards if it lies within an even number of others. Within an odd number it is a cavity if it
    faces the other way than the outermost, and else a body that they swallow, which faces outwards. One that is not
    closed is turned by the sign of its volume around the middle of the box: by itself where nothing is known of its
    sides, else all together.

    Args:
        mesh: its triangles face the same side as their neighbours.
        edges: of it.
        mended: whether triangles were turned for that.
    """
    _, firsts, parts = np.unique(
        connected(len(mesh.faces), edges.pairs // 3), return_index=True, return_inverse=True
    )
    n = len(firsts)
    halves = np.bincount(parts[(edges.pairs // 3).reshape(-1)], minlength=n)
    closed = halves == 3 * np.bincount(parts)
    middle = 0.5 * (mesh.vertices.min(axis=0) + mesh.vertices.max(axis=0))
    # Of a closed part any point will do, and one of its own is exact.
    around = np.where(closed[:, None], mesh.corners[firsts, 0], middle)
    a, b, c = (mesh.corners - around[parts][:, None]).transpose(1, 0, 2)
    cones = np.einsum("fk,fk->f", a, np.cross(b, c)) / 6
    volumes = np.bincount(parts, cones)
    turn = volumes < -_ROUNDED * np.bincount(parts, np.abs(cones))
    if not mended and not closed.all():
        box = float(np.ptp(mesh.vertices, axis=0).prod())
        turn[~closed] = box > 0 and volumes[~closed].sum() < -_HOLLOW * box
    depths, crossing = np.zeros(n, np.int64), np.zeros(n, bool)
    if closed.sum() > 1:
        within = closed[parts]
        outwards = mesh.flipped(turn[parts] & within)
        numbers = np.cumsum(closed) - 1
        least, most = _depths(
            Triangles(outwards.vertices, outwards.faces[within]), numbers[parts[within]]
        )
        inwards = turn[closed]  # as they came
        if inwards[least == 0].all():
            inwards = ~inwards  # all of the mesh is inside out
        within_solid = least % 2 == 1
        depths[closed], crossing[closed] = least, (most > least) | (within_solid & ~inwards)
        turn[closed] ^= within_solid & inwards
    return Facing(parts, turn, depths, crossing)


def _depths(mesh: Triangles, parts: Ints) -> tuple[Ints, Ints]:
    """In how many others points just outside of each of K closed parts lie: (least, most), int [K].

    The winding number of all says it where all face outwards.
    """
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    unit = Triangles((mesh.vertices - 0.5 * (low + high)) / (high - low).max(), mesh.faces)
    chosen = _spread(unit, parts)
    corners, normals = unit.corners[chosen], unit.normals[chosen]
    longest = np.linalg.norm(np.roll(corners, -1, axis=-2) - corners, axis=-1).max(axis=-1)
    lengths = np.linalg.norm(normals, axis=-1, keepdims=True)
    away = np.maximum(_BEFORE * longest, _LEAST)[..., None]
    points = corners.mean(axis=-2) + away * normals / np.maximum(lengths, 1e-300)
    tree = mesh_tree(unit.vertices, unit.faces)
    found = np.rint(
        winding_number(jt.array(points.reshape(-1, 3).astype(np.float32)), tree).numpy()
    )
    found = found.astype(np.int64).reshape(chosen.shape)
    return found.min(axis=1), found.max(axis=1)


def _spread(mesh: Triangles, parts: Ints) -> Ints:
    """Some triangles of each of K parts, int [K, M]: those that reach farthest along the axes, and others."""
    counts = np.bincount(parts)
    starts = np.cumsum(counts) - counts
    n = min(_EACH, max(2, _ALL // len(counts)))
    steps = (counts[:, None] * (np.arange(n) + 0.5) / n).astype(np.int64)
    chosen = [np.argsort(parts, kind="stable")[starts[:, None] + steps]]
    for axis in range(3):
        reach = mesh.corners[..., axis]
        for order in (
            np.lexsort((reach.min(axis=1), parts)),
            np.lexsort((-reach.max(axis=1), parts)),
        ):
            chosen.append(order[starts][:, None])
    return np.concatenate(chosen, axis=1)
