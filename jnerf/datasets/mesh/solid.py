"""From any mesh to one that has an inside: what is repaired, what is said, and how its side is told then."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np

from jnerf.datasets.mesh.facing import Facing, facing
from jnerf.datasets.mesh.topology import Edges, edges_of, merged, split_fans, turned
from jnerf.datasets.mesh.triangles import Triangles
from jnerf.errors import DataError
from jnerf.ops.mesh_distance.op import Side

#: Twice an area, of the square of the longest side: below it a triangle is a line.
_FLAT = 1e-6
#: Parts that a warning names.
_TOLD = 3


@dataclass(frozen=True, eq=False)
class Solid:
    """A mesh with an inside.

    Attributes:
        mesh: world units; triangles that share an edge face the same side.
        side: how the sign of a distance is told: see ``jnerf.ops.mesh_distance``.
        about: what was found of the mesh, and what was done.
    """

    mesh: Triangles
    side: Side
    about: dict[str, int | str] = field(default_factory=dict)


def make_solid(mesh: Triangles, name: str) -> Solid:
    """Turns triangles the same way, and each part to its side, and decides how the side of a point is told.

    By normals, exactly, where the mesh is closed: every edge has two triangles, none is a line, and no part crosses
    another. Else by the winding number, with a warning that says what the sign means then.

    Args:
        mesh: as it was read.
        name: of the mesh, for messages.

    Raises:
        DataError: it cannot be turned the same way everywhere, as a strip with a twist.
    """
    vertices, faces = mesh.vertices, mesh.faces
    edges = edges_of(faces)
    if edges.n_open:  # perhaps every triangle came with corners of its own
        together = merged(vertices, faces)
        kept = (together != np.roll(together, 1, axis=1)).all(axis=1)
        if edges_of(together[kept]).n_open < edges.n_open:
            faces, edges = together[kept], edges_of(together[kept])
    found = _alike(Triangles(vertices, faces), edges, name)
    sides = facing(found, edges, mended=bool(edges.alike.any()))
    found = found.flipped(sides.turn[sides.parts])
    about: dict[str, int | str] = {"n_turned": int((found.faces != faces).any(axis=1).sum())}
    _say_turned(name, sides, found, edges, about["n_turned"])
    crossing = int(sides.crossing.sum())
    edges = edges_of(found.faces)
    lines = int(_lines(found).sum())
    about |= {
        "n_crossing_parts": crossing,
        "n_open_edges": edges.n_open,
        "n_crowded_edges": edges.n_crowded,
        "n_flat_faces": lines,
    }
    about = {key: value for key, value in about.items() if value}
    if edges.closed and not lines and not crossing:
        points, numbers = split_fans(found.vertices, found.faces, edges)
        return Solid(Triangles(points, numbers), "normals", about)
    _warn(name, edges.n_open, edges.n_crowded, crossing)
    return Solid(found, "winding", about)


def _warn(name: str, n_open: int, n_crowded: int, crossing: int) -> None:
    if n_open:
        warnings.warn(
            f"mesh {name} is open: {n_open} edges have one triangle, so it has no inside. Negative is where its "
            "winding number is 0.5 or more: inside as if the holes had lids, which lie where half of the view is mesh. "
            "There the sign changes though the surface is away",
            stacklevel=3,
        )
    elif n_crowded:
        warnings.warn(
            f"mesh {name} is not manifold: {n_crowded} edges have three triangles or more. Negative is where its "
            "winding number is 0.5 or more: inside of any of its parts",
            stacklevel=3,
        )
    elif crossing:
        warnings.warn(
            f"mesh {name} has {crossing} closed parts that others cross, touch or swallow. Negative is where its "
            "winding number is 0.5 or more: inside of any of its parts",
            stacklevel=3,
        )


def _alike(mesh: Triangles, edges: Edges, name: str) -> Triangles:
    """The mesh with triangles of each part facing the same side."""
    if not edges.alike.any():
        return mesh
    which = turned(mesh.faces, edges)
    if which is None:
        raise DataError(
            f"mesh {name} has one side only: no way of turning its triangles makes neighbours face the same side, as "
            "in a strip with a twist. It has no inside and no signed distance"
        )
    return mesh.flipped(which)


def _say_turned(name: str, sides: Facing, mesh: Triangles, edges: Edges, n: int) -> None:
    """Warns of what was turned: triangles, the whole mesh, or some of its parts."""
    if edges.alike.any():
        warnings.warn(
            f"mesh {name}: {int(edges.alike.sum())} edges have triangles that face different sides. {n} triangles of "
            f"{len(mesh.faces)} were turned, so that each part faces outwards, or inwards where it is a cavity",
            stacklevel=3,
        )
    elif sides.turn.all():
        warnings.warn(
            f"mesh {name} is inside out: its triangles face inwards. All were turned round",
            stacklevel=3,
        )
    elif n:
        which = np.flatnonzero(sides.turn)
        told = [_say_part(sides, mesh, part) for part in which[:_TOLD]]
        told += ["..."] if len(which) > _TOLD else []
        warnings.warn(
            f"mesh {name}: {len(which)} of its {len(sides.turn)} parts face the wrong side and were turned round: "
            f"{'; '.join(told)}",
            stacklevel=3,
        )


def _say_part(sides: Facing, mesh: Triangles, part: int) -> str:
    faces = mesh.corners[sides.parts == part]
    x, y, z = 0.5 * (faces.min(axis=(0, 1)) + faces.max(axis=(0, 1)))
    depth = sides.depths[part]
    side = "inwards, a cavity" if depth % 2 else "outwards"
    within = f", within {depth} others" if depth else ""
    return f"{len(faces)} triangles around ({x:.4g}, {y:.4g}, {z:.4g}), now {side}{within}"


def _lines(mesh: Triangles) -> np.ndarray:
    """Triangles that are lines or points, bool [F]."""
    corners = mesh.corners
    longest = np.square(np.roll(corners, -1, axis=1) - corners).sum(axis=2).max(axis=1)
    return np.linalg.norm(mesh.normals, axis=1) <= _FLAT * longest
