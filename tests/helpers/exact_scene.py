"""How far a mesh of the embedded scene is from the scene's exact surface, as far as its views see that.

    PYTHONPATH=. python tests/helpers/exact_scene.py RUN/mesh/mesh.ply VOXEL

prints both directions; VOXEL is the mesh's, in world units (edge of the box / (resolution - 1): 3.03 / 255 at 256).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from jnerf.datasets.procedural.dataset import ProceduralDataset
from jnerf.datasets.procedural.scene import still_life


@dataclass(frozen=True)
class Distances:
    """Unsigned distances, world units.

    Attributes:
        to_exact: from points of the mesh that some view sees to the exact surface, [P].
        to_mesh: from points of the exact surface that some view sees to the mesh, [Q].
    """

    to_exact: NDArray[np.float64]
    to_mesh: NDArray[np.float64]

    def table(self, voxel: float) -> str:
        """Mean, median and 95 % of both, in voxels."""
        rows = [("mesh to exact", self.to_exact), ("exact to mesh", self.to_mesh)]
        return "\n".join(
            f"{name}: {len(d)} points, mean {d.mean() / voxel:.3f}, median {np.median(d) / voxel:.3f}, 95 % "
            f"{np.percentile(d, 95) / voxel:.3f} voxels"
            for name, d in rows
        )


def distances(mesh: trimesh.Trimesh, voxel: float, n: int = 400_000, views: int = 30) -> Distances:
    """Both directions of the Chamfer distance.

    A point of the mesh is seen if the exact scene does not cover it: walls of caves inside of solids, where no view
    has ever looked, do not count; what floats in front of the surface does.

    Args:
        mesh: world units.
        voxel: of the mesh; a point may lie 3 behind the exact surface and still be seen.
        n: points of the mesh.
        views: of the scene, from which points are seen.
    """
    dataset = ProceduralDataset(split="train", n_train=views, resolution=128)
    back, scale = dataset.transform.inverse(), dataset.transform.scale
    points, _ = trimesh.sample.sample_surface(mesh, n, seed=0)
    to_field = dataset.transform.points(points).astype(np.float32)
    seen, exact = np.zeros(n, bool), []
    for i in range(views):
        eye = dataset.cameras.c2w[i, :, 3]
        way = to_field - eye
        far = np.linalg.norm(way, axis=1)
        rest = np.flatnonzero(~seen & dataset.cameras.project(to_field, i).visible)
        hit = dataset.geometry(np.tile(eye, (len(rest), 1)), way[rest] / far[rest, None])
        free = (hit.solids < 0) | (hit.depths[:, 0] > far[rest] - 3 * voxel * scale)
        seen[rest[free]] = True
        y, x = np.mgrid[0:128, 0:128].reshape(2, -1)
        rays = dataset.cameras.generate_rays(np.full(len(x), i), x, y)
        hit = dataset.geometry(*rays)
        met = hit.solids >= 0
        exact.append(back.points(rays[0][met] + hit.depths[met] * rays[1][met]))
    near = np.full(int(seen.sum()), np.inf)
    for shape in still_life().shapes:
        distance = np.abs(shape.distance(points[seen].astype(np.float32)))
        np.minimum(near, distance, out=near)
    corners_too = cKDTree(np.concatenate([points, mesh.vertices, mesh.triangles_center]))
    return Distances(near, corners_too.query(np.concatenate(exact))[0])


if __name__ == "__main__":
    size = float(sys.argv[2])
    print(distances(trimesh.load(sys.argv[1], process=False), size).table(size))
