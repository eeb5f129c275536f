"""The judge of a mesh kept as a signed distance: is the inside the same, and how far are the surfaces apart?

Lengths are in field units, of which the longest edge of the mesh's box has about 1.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.checks.least import at_least
from jnerf.errors import JnerfError
from jnerf.imaging.view_files import ViewFiles
from jnerf.judging.judgement import Judgement, Subject
from jnerf.judging.solid_pictures import View, write_pictures
from jnerf.ops.common import uniform
from jnerf.ops.mesh_distance import mesh_distance, mesh_tree

if TYPE_CHECKING:
    from jnerf.datasets.mesh.truth import Truth

Floats = NDArray[np.float32]
#: Of the points that judge: the same for every run, whatever its seed.
_SEED, _VOLUME, _TRUE, _FOUND = 20210, 0, 1, 2
#: Distance from the surface up to which ``mae_near`` counts.
NEAR = 0.04
_AT_ONCE = 2**18


@dataclass(frozen=True)
class Judging:
    """By how many points a mesh is judged.

    Attributes:
        volume_points: in its box.
        surface_points: on each of the two surfaces.
        surface_resolution: points a side of the lattice on which the field's surface is found.

    Raises:
        ConfigError: one is too small.
    """

    volume_points: int = 2**20
    surface_points: int = 10**5
    surface_resolution: int = 384

    def __post_init__(self) -> None:
        at_least(
            "MeshDataset",
            volume_points=(self.volume_points, 1),
            surface_points=(self.surface_points, 1),
            surface_resolution=(self.surface_resolution, 8),
        )

    def thinned(self, n: int) -> Judging:
        """By every n-th of the points."""
        fewer = max(1, self.volume_points // n), max(1, self.surface_points // n)
        return replace(self, volume_points=fewer[0], surface_points=fewer[1])


def judge_solid(
    truth: Truth,
    subject: Subject,
    how: Judging,
    name: str,
    folder: Path | None,
    view: Callable[[], View] | None = None,
) -> Judgement:
    """Compares a field of signed distances with a mesh.

    Args:
        truth: the mesh.
        subject: the model.
        how: by how many points.
        name: of the mesh.
        folder: None: only what random points of the volume say.
        view: gives a view for pictures of both, field units; None: there are none.

    Returns:
        ``iou`` of the insides, ``mae_near``; with a folder also ``chamfer_l1`` and ``nae``, the mean angle between
        normals in degrees, of the two surfaces. Where the field has no surface, or the library that finds it is
        missing, the protocol says in ``left_out`` why.
    """
    began = time.monotonic()
    points = in_box(truth.box, how.volume_points)
    true = truth.volume_distances(how.volume_points, points)
    mean = compare_volumes(ask(subject, points), true)
    protocol = _protocol(truth, how, subject)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            vertices, faces = subject.surface(how.surface_resolution)
        except JnerfError as error:
            protocol["left_out"] = f"chamfer_l1, nae: {error}"
        else:
            mean |= compare_surfaces(truth, vertices, faces, how.surface_points)
        if view is not None:
            write_pictures(truth, lambda p: ask(subject, p), view(), ViewFiles(folder, name))
    row = {"name": name, **mean, "seconds": round(time.monotonic() - began, 4)}
    return Judgement(mean, [row], unit="shape", protocol=protocol)


def in_box(box: Floats, n: int) -> Floats:
    """Random points of a box [6], always the same, float32 [n, 3]."""
    rows = np.arange(n)
    unit = np.stack([uniform(_SEED, _VOLUME, rows, k) for k in range(3)], axis=1)
    return box[:3] + unit * (box[3:] - box[:3])


def compare_volumes(found: Floats, true: Floats) -> dict[str, float]:
    """``iou`` of where two distances [P] are not positive, and ``mae_near``, their mean difference near the surface.

    >>> compare_volumes(np.float32([-1, -1, 1]), np.float32([-1, 1, 1]))
    {'iou': 0.5}
    """
    inside, truly = found <= 0, true <= 0
    either = int((inside | truly).sum())
    mean = {"iou": int((inside & truly).sum()) / either if either else 1.0}
    near = np.abs(true) <= NEAR
    if near.any():
        mean["mae_near"] = float(np.abs(found[near] - true[near]).mean(dtype=np.float64))
    return mean


def compare_surfaces(
    truth: Truth, vertices: NDArray[np.floating], faces: NDArray[np.integer], n: int
) -> dict[str, float]:
    """Distances and angles between two surfaces, each way from n random points to what is nearest.

    Args:
        truth: one.
        vertices: of the other, field units, [V, 3].
        faces: of the other, [F, 3].
        n: points on each.

    Returns:
        ``chamfer_l1``, half the sum of the two mean distances, and ``nae``, half that of the mean angles, degrees.
    """
    found = mesh_tree(vertices, faces)
    sides = (
        (truth.vertices, truth.faces, found, np.asarray(vertices, np.float64)[faces], _TRUE),
        (vertices, faces, truth.tree, truth.vertices[truth.faces], _FOUND),
    )
    distances, angles = [], []
    for corners_of, triangles, tree, others, stream in sides:
        corners = np.asarray(corners_of, np.float64)[triangles]
        points, mine = _on(corners, n, stream)
        with jt.no_grad():
            nearest = mesh_distance(jt.array(points), tree, "none")
            jt.sync([nearest.distances, nearest.faces])
        distances.append(float(nearest.distances.numpy().mean(dtype=np.float64)))
        a, b = _normals(corners[mine]), _normals(others[nearest.faces.numpy()])
        cosines = np.clip((a * b).sum(axis=1), -1, 1)
        angles.append(float(np.degrees(np.arccos(cosines)).mean()))
    return {"chamfer_l1": 0.5 * sum(distances), "nae": 0.5 * sum(angles)}


def _on(corners: NDArray[np.float64], n: int, stream: int) -> tuple[Floats, NDArray[np.int64]]:
    """Points spread evenly over triangles [F, 3, 3], and the triangle of each."""
    rows = np.arange(n)
    draws = [uniform(_SEED, stream, rows, k).astype(np.float64) for k in range(4)]
    a, b, c = corners.transpose(1, 0, 2)
    areas = np.cumsum(np.linalg.norm(np.cross(b - a, c - a), axis=1))
    pick = (draws[0] + draws[1] * 2.0**-24) * areas[-1]
    mine = np.minimum(np.searchsorted(areas, pick, side="right"), len(areas) - 1)
    a, b, c = corners[mine].transpose(1, 0, 2)
    root, v = np.sqrt(draws[2])[:, None], draws[3][:, None]
    return (a + root * ((b - a) + v * (c - b))).astype(np.float32), mine


def _normals(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b, c = corners.transpose(1, 0, 2)
    normals = np.cross(b - a, c - a)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)


def ask(subject: Subject, points: Floats) -> Floats:
    """The field's signed distances of points [P, 3]."""
    found = np.empty(len(points), np.float32)
    for first in range(0, len(points), _AT_ONCE):
        subject.check()
        part = slice(first, first + _AT_ONCE)
        found[part] = subject.field.sdf(jt.array(points[part])).numpy().reshape(-1)
    return found


def _protocol(truth: Truth, how: Judging, subject: Subject) -> dict[str, Any]:
    sides = {
        "normals": "of the nearest triangle, edge or corner (closed mesh)",
        "winding": "inside where the winding number is 0.5 or more (open mesh)",
    }
    return {
        "metric": "iou = points inside both / points inside either; mae_near = mean |error| of distances where the "
        f"true one is at most {NEAR}; chamfer_l1 = (mean distance true to found + found to true) / 2; nae = "
        "the same of the angles between face normals, degrees",
        "units": "field units",
        "field_units_per_world_unit": truth.transform.scale,
        "volume_points": how.volume_points,
        "volume_box": [round(float(x), 6) for x in truth.box],
        "surface_points": how.surface_points,
        "surface_resolution": how.surface_resolution,
        "seed_of_points": _SEED,
        "side": sides[truth.solid.side],
        "parameters": subject.n_parameters,
    }
