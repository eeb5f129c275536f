"""Cases of a mesh of 100 000 triangles: nearest points near its surface and anywhere, and winding numbers."""

from __future__ import annotations

from collections.abc import Iterator

import jittor as jt
import numpy as np

from jnerf.benchmark.cases.inputs import Inputs
from jnerf.benchmark.cases.registry import CASES, Case
from jnerf.ops.mesh_distance import mesh_distance, mesh_tree, winding_number

_AROUND, _ACROSS = 400, 125  # vertices of a knotted tube: 2 x 50 000 triangles
_NEAR = 1e-3  # how far off the surface its near points are


def _knot() -> tuple[np.ndarray, np.ndarray]:
    """A closed tube along a trefoil knot, within the unit cube."""
    u = np.arange(_AROUND) * 2 * np.pi / _AROUND
    v = np.arange(_ACROSS) * 2 * np.pi / _ACROSS
    middle = np.stack(
        [np.sin(u) + 2 * np.sin(2 * u), np.cos(u) - 2 * np.cos(2 * u), -np.sin(3 * u)], axis=1
    )
    along = np.roll(middle, -1, axis=0) - np.roll(middle, 1, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.cross(along, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    other = np.cross(along, side)
    ring = np.cos(v)[:, None] * side[:, None] + np.sin(v)[:, None] * other[:, None]
    points = middle[:, None] + 0.4 * ring
    i, j = np.meshgrid(np.arange(_AROUND), np.arange(_ACROSS), indexing="ij")
    a, b = i * _ACROSS + j, (i + 1) % _AROUND * _ACROSS + j
    c, d = (k - j + (j + 1) % _ACROSS for k in (b, a))
    faces = np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3)
    return 0.5 + points.reshape(-1, 3) / 8, faces


@CASES.of("mesh_distance")
def _mesh_distance(inputs: Inputs) -> Iterator[Case]:
    vertices, faces = _knot()
    tree, n, random = mesh_tree(vertices, faces), inputs.n_samples, np.random.default_rng(0)
    near = vertices[random.integers(0, len(vertices), n)] + random.normal(0, _NEAR, (n, 3))
    near, anywhere = (jt.array(p.astype(np.float32)) for p in (near, random.random((n, 3))))
    few = anywhere[: max(1, n // 8)].clone()
    jt.sync([near, anywhere, few])
    size = f"of {len(faces):,} triangles"
    yield Case(f"near the surface {size}", "point", n, lambda: list(mesh_distance(near, tree)))
    yield Case(f"anywhere {size}", "point", n, lambda: list(mesh_distance(anywhere, tree)))
    yield Case("winding numbers", "point", few.shape[0], lambda: [winding_number(few, tree)])
