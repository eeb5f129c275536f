"""Fewer triangles, and normals of vertices."""

import numpy as np
import pytest
import trimesh
from mesh_fields import TURNED, SdfBall, pipeline

from jnerf.mesh.decimate import simplified
from jnerf.mesh.extract import extract_mesh
from jnerf.mesh.normals import vertex_normals
from jnerf.mesh.options import MeshOptions
from jnerf.mesh.surface import Surface


def test_as_many_faces_as_asked_on_the_same_ball():
    mesh = extract_mesh(
        pipeline(SdfBall(), TURNED), MeshOptions(resolution=40, faces=500), progress=False
    )
    assert 400 < len(mesh.faces) <= 510 and mesh.is_watertight
    middle = TURNED.inverse().points([0.5] * 3)
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices - middle, axis=1), 0.3 / 0.2, rtol=0.03)
    assert mesh.visual.kind == "vertex" and mesh.volume > 0


def test_cells_may_be_long():
    ball = trimesh.creation.icosphere(4, 10.0)
    squeezed = Surface(ball.vertices * [1, 1, 0.2], ball.faces.astype(np.int32))
    found = simplified(squeezed, 300, [1.0, 1.0, 5.0])
    radii = np.linalg.norm(found.vertices * [1, 1, 5], axis=1)
    np.testing.assert_allclose(radii, 10, rtol=0.05)
    assert simplified(squeezed, 10**6, [1, 1, 5]) is squeezed


def test_normals_are_those_of_the_faces_by_area():
    ball = trimesh.creation.icosphere(3, 2.0)
    found = vertex_normals(ball.vertices, ball.faces)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, ball.vertices / 2, atol=0.02)
    box = trimesh.creation.box()
    np.testing.assert_allclose(
        np.linalg.norm(vertex_normals(box.vertices, box.faces), axis=1), 1, rtol=1e-6
    )


def test_a_vertex_whose_faces_have_no_area_has_no_normal():
    line = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]])
    assert (vertex_normals(line, np.array([[0, 1, 2]])) == 0).all()


@pytest.mark.parametrize("n", [0, 3])
def test_vertices_without_a_face(n):
    assert vertex_normals(np.zeros((n, 3)), np.empty((0, 3), int)).shape == (n, 3)
