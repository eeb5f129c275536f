"""From any mesh to one with an inside: what is repaired, what is said, how the side of a point is told."""

import numpy as np
import pytest
from meshes import CUBE, CUBE_FACES, cube_distance, torus
from solids import POINTS, distances, solid_of

from jnerf.datasets.mesh.solid import make_solid
from jnerf.datasets.mesh.topology import connected, edges_of
from jnerf.datasets.mesh.triangles import Triangles
from jnerf.errors import DataError

EXPECTED = cube_distance(POINTS)


def test_a_closed_mesh_is_taken_as_it_is():
    solid = solid_of(CUBE, CUBE_FACES)
    assert solid.side == "normals" and solid.about == {}
    np.testing.assert_allclose(distances(solid), EXPECTED, atol=1e-6)


def test_inside_out():
    solid = solid_of(CUBE, CUBE_FACES[:, ::-1], "inside out")
    assert solid.side == "normals" and solid.about == {"n_turned": 12}
    np.testing.assert_allclose(distances(solid), EXPECTED, atol=1e-6)


@pytest.mark.parametrize("wrong", [[0], [3, 5, 11], [0, 1, 2, 3, 4, 5, 6]])
def test_triangles_that_face_different_sides(wrong):
    faces = CUBE_FACES.copy()
    faces[wrong] = faces[wrong][:, ::-1]
    solid = solid_of(CUBE, faces, "face different sides")
    assert solid.side == "normals" and solid.about == {"n_turned": len(wrong)}
    np.testing.assert_allclose(distances(solid), EXPECTED, atol=1e-6)


def test_triangles_with_corners_of_their_own_are_sewn_together():
    vertices = CUBE[CUBE_FACES].reshape(-1, 3)
    solid = solid_of(vertices, np.arange(36).reshape(12, 3))
    assert solid.side == "normals" and len(solid.mesh.vertices) == 8
    np.testing.assert_allclose(distances(solid), EXPECTED, atol=1e-6)


def test_open_meshes_say_what_the_sign_means():
    solid = solid_of(CUBE, CUBE_FACES[:-2], "open: 4 edges have one triangle.*winding number")
    assert solid.side == "winding" and solid.about == {"n_open_edges": 4}
    found = distances(solid, np.float32([[0, 0, -0.2], [0, 0, -0.9], [0, 0, 2]]))
    np.testing.assert_array_equal(found < 0, [True, False, False])


def test_two_cubes_that_share_an_edge_are_not_manifold():
    both = np.concatenate([CUBE, CUBE + [1, 1, 0]])
    faces = np.concatenate([CUBE_FACES, CUBE_FACES + 8])
    together = np.unique(both, axis=0, return_inverse=True)
    solid = solid_of(together[0], together[1].reshape(-1)[faces], "not manifold: 1 edges")
    assert solid.side == "winding" and solid.about == {"n_crowded_edges": 1}
    expected = np.minimum(EXPECTED, cube_distance(POINTS - [1, 1, 0]))
    np.testing.assert_allclose(distances(solid), expected, atol=1e-6)


def test_two_cubes_that_share_a_corner_have_a_normal_each_there():
    both = np.concatenate([CUBE, CUBE + 1])
    faces = np.concatenate([CUBE_FACES, CUBE_FACES + 8])
    together, numbers = np.unique(both, axis=0, return_inverse=True)
    solid = solid_of(together, numbers.reshape(-1)[faces])
    assert len(together) == 15 and len(solid.mesh.vertices) == 16
    points = np.concatenate([POINTS, np.float32([0.5, 0.5, 0.5]) + 0.2 * POINTS])
    expected = np.minimum(cube_distance(points), cube_distance(points - 1))
    np.testing.assert_allclose(distances(solid, points), expected, atol=1e-6)


def test_triangles_without_area_cost_the_normals_and_no_sign():
    """A vertex in the middle of an edge, joined to its ends by a triangle that is a line."""
    a, b = CUBE_FACES[0, 0], CUBE_FACES[0, 1]
    c = CUBE_FACES[0, 2]
    vertices = np.concatenate([CUBE, 0.5 * (CUBE[[a]] + CUBE[[b]])])
    faces = np.concatenate([CUBE_FACES[1:], [[a, 8, c], [8, b, c], [a, b, 8]]])
    solid = solid_of(vertices, faces)
    assert solid.side == "winding" and solid.about == {"n_flat_faces": 1}
    np.testing.assert_allclose(distances(solid), EXPECTED, atol=1e-6)


def test_a_strip_with_a_twist_has_no_inside():
    n = 12
    angle = 2 * np.pi * np.arange(n) / n
    across = np.stack(
        [np.cos(angle / 2) * np.cos(angle), np.cos(angle / 2) * np.sin(angle), np.sin(angle / 2)], 1
    )
    ring = 3 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    vertices = np.concatenate([ring - across, ring + across])
    i, k = np.arange(n), (np.arange(n) + 1) % n
    far = np.where(k == 0, i * 0, k + n), np.where(k == 0, n, k)  # the ends are joined crosswise
    faces = np.concatenate([np.stack([i, far[1], far[0]], 1), np.stack([i, far[0], i + n], 1)])
    with pytest.raises(DataError, match="one side only"):
        make_solid(Triangles(vertices, faces), "it")


def test_edges_and_parts():
    faces = torus(8, 5)[1]
    assert edges_of(faces).closed and len(edges_of(faces).pairs) == 120
    both = np.concatenate([faces, faces + 40])
    parts = connected(160, edges_of(both).pairs // 3)
    np.testing.assert_array_equal(parts, np.repeat([0, 80], 80))
    assert connected(3, np.zeros((0, 2), int)).tolist() == [0, 1, 2]
