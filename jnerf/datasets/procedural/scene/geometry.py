"""The exact geometry that rays meet: depth, normal, and which solid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.procedural.scene.scene import Scene
from jnerf.datasets.procedural.scene.shading import surface_normals
from jnerf.datasets.procedural.scene.shapes import Floats, first_hits


@dataclass(frozen=True)
class Geometry:
    """First hits of R rays.

    Attributes:
        depths: distance along the ray, float32 [R, 1]; 0 where it meets nothing.
        normals: outward unit normal, float32 [R, 3]; 0 where it meets nothing.
        solids: number of the solid, int8 [R]; -1 where it meets nothing.
    """

    depths: Floats
    normals: Floats
    solids: NDArray[np.int8]

    @classmethod
    def of(cls, scene: Scene, rays_o: Floats, rays_d: Floats) -> Geometry:
        """Traces rays through a scene, all in its world units.

        Args:
            scene: the scene.
            rays_o: origins outside all solids, float32 [R, 3].
            rays_d: unit directions, float32 [R, 3].
        """
        hits = first_hits(scene.shapes, rays_o, rays_d)
        met = hits.solid >= 0
        depths = np.where(met, hits.t, np.float32(0))
        normals = np.zeros_like(rays_o)
        points = rays_o[met] + depths[met, None] * rays_d[met]
        normals[met] = surface_normals(scene, hits.solid[met], points)
        return cls(depths[:, None], normals, hits.solid)
