"""From any mesh to one that has an inside: what is repaired, what is said, and how its side is told then."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np

from jnerf.datasets.mesh.topology import connected, edges_of, merged, split_fans, turned
from jnerf.datasets.mesh.triangles import Triangles
from jnerf.errors import DataError
from jnerf.ops.mesh_distance.op import Side

#: Twice an area, of the square of the longest side: below it a triangle is a line.
_FLAT = 1e-6
#: Volume, of that of the box, that an open mesh must have around its middle to be inside out: a dish has either sign.
_HOLLOW = 0.05


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
    """Turns triangles the same way, and decides how the side of a point is told.

    By normals, exactly, where the mesh is closed: every edge has two triangles, and none is a line. Else by the winding
    number, with a warning that says what the sign means then.

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
    about: dict[str, int | str] = {}
    found = Triangles(vertices, faces)
    if edges.alike.any():
        found, about["n_turned"] = _turned(found, name)
    elif _volume(found) < (0 if edges.closed else -_HOLLOW):
        found, about["n_turned"] = found.flipped(), len(faces)
        warnings.warn(
            f"mesh {name} is inside out: its triangles face inwards. All were turned round",
            stacklevel=2,
        )
    edges = edges_of(found.faces)
    lines = int(_lines(found).sum())
    about |= {
        "n_open_edges": edges.n_open,
        "n_crowded_edges": edges.n_crowded,
        "n_flat_faces": lines,
    }
    about = {key: value for key, value in about.items() if value}
    if edges.closed and not lines:
        points, numbers = split_fans(found.vertices, found.faces, edges)
        return Solid(Triangles(points, numbers), "normals", about)
    _warn(name, edges.n_open, edges.n_crowded)
    return Solid(found, "winding", about)


def _warn(name: str, n_open: int, n_crowded: int) -> None:
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


def _turned(mesh: Triangles, name: str) -> tuple[Triangles, int]:
    """The mesh with triangles of each part facing the same side, outwards, and how many were turned."""
    edges = edges_of(mesh.faces)
    which = turned(mesh.faces, edges)
    if which is None:
        raise DataError(
            f"mesh {name} has one side only: no way of turning its triangles makes neighbours face the same side, as "
            "in a strip with a twist. It has no inside and no signed distance"
        )
    found = mesh.flipped(which)
    parts = connected(len(found.faces), edges.pairs // 3)
    a, b, c = (found.corners - _middle(found)).transpose(1, 0, 2)
    volumes = np.bincount(parts, np.einsum("fk,fk->f", a, np.cross(b, c)))
    inwards = volumes[parts] < 0
    n = int((which ^ inwards).sum())
    warnings.warn(
        f"mesh {name}: {int(edges.alike.sum())} edges have triangles that face different sides. {n} triangles of "
        f"{len(which)} were turned, so that each part faces outwards",
        stacklevel=3,
    )
    return found.flipped(inwards), n


def _middle(mesh: Triangles) -> np.ndarray:
    return 0.5 * (mesh.vertices.min(axis=0) + mesh.vertices.max(axis=0))


def _volume(mesh: Triangles) -> float:
    """Signed volume around the middle, as a share of that of the box."""
    a, b, c = (mesh.corners - _middle(mesh)).transpose(1, 0, 2)
    box = float(np.ptp(mesh.vertices, axis=0).prod())
    return float(np.einsum("fk,fk->", a, np.cross(b, c))) / 6 / box if box > 0 else 0.0


def _lines(mesh: Triangles) -> np.ndarray:
    """Triangles that are lines or points, bool [F]."""
    corners = mesh.corners
    longest = np.square(np.roll(corners, -1, axis=1) - corners).sum(axis=2).max(axis=1)
    return np.linalg.norm(mesh.normals, axis=1) <= _FLAT * longest
