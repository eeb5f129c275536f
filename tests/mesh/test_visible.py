"""What views see of a surface: an outer ball, not the one inside it, and not the side that no camera looks at."""

import numpy as np
import pytest
import trimesh
from mesh_fields import SdfBall, pipeline

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.placement.similarity import Similarity
from jnerf.datasets.procedural.scene import hemisphere_poses
from jnerf.errors import ConfigError
from jnerf.mesh.extract import extract_mesh
from jnerf.mesh.options import MeshOptions
from jnerf.mesh.visible import seen


def around(n, size=64, heights=(-0.95, 0.95)):
    poses = hemisphere_poses(n, 2.0, heights, 0.0, (0.5, 0.5, 0.5))
    intrinsics = np.tile([1.2 * size, 1.2 * size, size / 2, size / 2], (n, 1))
    return Cameras(poses, intrinsics, np.full((n, 2), size))


def ball(radius, subdivisions=4):
    mesh = trimesh.creation.icosphere(subdivisions, radius)
    normals = mesh.vertices / radius
    return (mesh.vertices + 0.5).astype(np.float32), normals.astype(np.float32)


def test_what_lies_inside_is_hidden():
    (outer, out), (inner, inward) = ball(0.3), ball(0.2)
    points, normals = np.concatenate([outer, inner]), np.concatenate([out, inward])
    found = seen(points, normals, around(30), voxel=0.02, progress=False)
    assert found[: len(outer)].mean() > 0.98
    assert not found[len(outer) :].any()


def test_a_cave_just_below_the_surface_is_hidden_as_it_turns_away():
    (outer, out), (wall, normal) = ball(0.3), ball(0.29)
    points, normals = np.concatenate([outer, wall]), np.concatenate([out, -normal])
    found = seen(points, normals, around(30), voxel=0.02, progress=False)
    assert found[: len(outer)].mean() > 0.98 and found[len(outer) :].mean() < 0.02


def test_the_far_side_is_hidden():
    points, normals = ball(0.3)
    found = seen(points, normals, around(5, heights=(0.85, 0.95)), voxel=0.02, progress=False)
    assert found[points[:, 2] > 0.6].all() and not found[points[:, 2] < 0.3].any()


def test_a_mesh_without_what_is_hidden():
    method = pipeline(SdfBall(), Similarity())
    with pytest.raises(ConfigError, match="no views; say --no-visible"):
        extract_mesh(method, MeshOptions(resolution=40, visible=True), progress=False)
    method.dataset.cameras = around(5, heights=(0.85, 0.95))
    whole = extract_mesh(method, MeshOptions(resolution=40), progress=False)
    part = extract_mesh(method, MeshOptions(resolution=40, visible=True), progress=False)
    assert whole.is_watertight and not part.is_watertight
    assert whole.bounds[0, 2] < 0.21 and 0.3 < part.bounds[0, 2] < 0.6
    assert part.bounds[1, 2] == pytest.approx(whole.bounds[1, 2])
