"""The embedded scene's mesh against its exact surface, which a field knows here: what marching cubes alone costs."""

import jittor as jt
import numpy as np
import pytest
import trimesh
from exact_scene import distances
from mesh_fields import SdfBall, pipeline

from jnerf.datasets.placement.similarity import Similarity
from jnerf.datasets.procedural.scene import still_life
from jnerf.mesh.extract import extract_mesh
from jnerf.mesh.options import MeshOptions

PLACE = Similarity(0.33, translation=(0.5, 0.5, 0.5))  # as ProceduralDataset has it
VOXEL = 1 / 0.33 / 95


class ExactScene(SdfBall):
    """The scene's signed distance."""

    def sdf(self, positions: jt.Var) -> jt.Var:
        world = PLACE.inverse().points(positions.numpy()).astype(np.float32)
        nearest = np.min([shape.distance(world) for shape in still_life().shapes], axis=0)
        return jt.array((nearest * 0.33).astype(np.float32))


@pytest.fixture(scope="module")
def mesh():
    options = MeshOptions(resolution=96, color=False)
    return extract_mesh(pipeline(ExactScene(), PLACE), options, progress=False)


def test_within_a_voxel_in_both_directions(mesh):
    assert mesh.is_watertight
    found = distances(mesh, VOXEL, n=40_000, views=6)
    assert len(found.to_exact) > 10_000 and len(found.to_mesh) > 10_000
    assert found.to_exact.mean() < 0.1 * VOXEL and np.percentile(found.to_exact, 95) < 0.3 * VOXEL
    # Of a mesh that is known by points: half their distance, a third of a voxel, is in it.
    assert found.to_mesh.mean() < 0.5 * VOXEL and np.percentile(found.to_mesh, 95) < VOXEL


def test_a_mesh_elsewhere_is_noticed(mesh):
    moved = trimesh.Trimesh(mesh.vertices + [0, 0, 2 * VOXEL], mesh.faces, process=False)
    found = distances(moved, VOXEL, n=20_000, views=6)
    assert found.to_exact.mean() > VOXEL and found.to_mesh.mean() > 0.7 * VOXEL
