"""Nearest points of meshes: kernel against reference, features, degenerate triangles, far points, sides."""

import jittor as jt
import numpy as np
import pytest
from meshes import CUBE, CUBE_FACES, cube_distance, torus, torus_distance
from threads import with_threads

from jnerf.ops.mesh_distance import mesh_distance, mesh_tree, reference, winding_number
from jnerf.ops.mesh_distance.tree import feature_normals


def ask(points, mesh, side="normals", bounds=None):
    """(distances, nearest points, faces) of a mesh (vertices, faces)."""
    bounds = None if bounds is None else jt.array(np.float32(bounds))
    found = mesh_distance(jt.array(np.float32(points)), mesh_tree(*mesh), side, bounds)
    return tuple(var.numpy() for var in found)


def random_mesh(n, seed=0):
    """Triangles anywhere, hanging together nowhere."""
    vertices = np.random.default_rng(seed).normal(size=(3 * n, 3))
    return vertices, np.arange(3 * n).reshape(n, 3)


@pytest.mark.parametrize("n", [1, 7, 8, 9, 63, 64, 65, 130, 513])
def test_against_the_reference(device, n):
    mesh = random_mesh(n, n)
    points = np.random.default_rng(1).normal(size=(300, 3)).astype(np.float32) * 2
    distances, nearest, faces = ask(points, mesh, "none")
    expected, places = reference.mesh_distance(points, *mesh)
    np.testing.assert_allclose(distances, expected, atol=2e-6, rtol=1e-5)
    np.testing.assert_allclose(nearest, places, atol=2e-5)
    of_face, _ = reference.mesh_distance(points[:1], mesh[0], mesh[1][faces[:1]])
    assert of_face[0] == pytest.approx(expected[0], abs=1e-6)  # the very triangle
    near = np.abs(winding_number(jt.array(points), mesh_tree(*mesh), 1e6).numpy())
    np.testing.assert_allclose(near, np.abs(reference.winding_number(points, *mesh)), atol=2e-5)


def test_inside_edges_and_corners_of_a_closed_mesh(device):
    """A cube's distance is known where a face, an edge, or a corner is nearest, and inside."""
    axis = np.array([-0.9, -0.5, -0.3, 0.1, 0.5, 0.7])
    points = np.stack(np.meshgrid(axis, axis, axis), -1).reshape(-1, 3)
    for side in ("normals", "winding"):
        distances, nearest, _ = ask(points, (CUBE, CUBE_FACES), side)
        expected = cube_distance(points)
        off = np.abs(expected) > 1e-6  # on the surface either sign is right
        np.testing.assert_allclose(distances[off], expected[off], atol=1e-6)
        np.testing.assert_allclose(distances[~off], 0, atol=1e-6)
        np.testing.assert_allclose(
            np.linalg.norm(points - nearest, axis=1), np.abs(distances), atol=1e-6
        )


def test_the_sign_of_a_torus_whatever_its_place_in_the_tree(device):
    mesh = torus()
    points = np.random.default_rng(0).uniform(-1.5, 1.5, (4000, 3)) * [1, 0.4, 1]
    away = torus_distance(points)
    sure = np.abs(away) > 0.02  # the mesh is flat between its vertices
    for side in ("normals", "winding"):
        distances = ask(points, mesh, side)[0]
        np.testing.assert_array_equal((distances < 0)[sure], (away < 0)[sure])
        np.testing.assert_allclose(distances, away, atol=0.02)


def test_corners_count_by_their_angles():
    """Of a corner that one face meets with one triangle and another with two, the normal is in the middle."""
    normals = feature_normals(CUBE[CUBE_FACES], CUBE_FACES)
    for corner in range(8):
        mine = CUBE_FACES == corner
        expected = CUBE[corner] / np.linalg.norm(CUBE[corner])
        np.testing.assert_allclose(
            normals[:, 4:][mine], np.tile(expected, (mine.sum(), 1)), atol=1e-12
        )


@pytest.mark.parametrize("shape", ["point", "line", "double", "needle"])
def test_triangles_without_area(device, shape):
    """What has no inside is near where its edges are; others beside it are found as ever."""
    flat = {
        "point": [[2, 0, 0]] * 3,
        "line": [[2, 0, 0], [4, 0, 0], [3, 0, 0]],
        "double": [[2, 0, 0], [2, 0, 0], [4, 0, 0]],
        "needle": [[2, 0, 0], [4, 0, 0], [3, 1e-9, 0]],
    }[shape]
    vertices, faces = np.concatenate([CUBE, np.float64(flat)]), [*CUBE_FACES.tolist(), [8, 9, 10]]
    points = np.random.default_rng(0).uniform(-1, 5, (200, 3))
    distances = ask(points, (vertices, np.array(faces)), "none")[0]
    end = 2 if shape == "point" else 4
    on_line = np.stack([np.clip(points[:, 0], 2, end), *np.zeros((2, 200))], axis=1)
    away = np.linalg.norm(points - on_line, axis=1)
    expected = np.minimum(away, reference.mesh_distance(points, CUBE, CUBE_FACES)[0])
    np.testing.assert_allclose(distances, expected, atol=1e-5)
    assert (away == expected).any() and (away != expected).any()


def test_far_points_and_what_is_not_finite(device):
    points = np.float32([[1e4, 0, 0], [0, -1e6, 0], [np.nan, 0, 0], [np.inf, 0, 0]])
    distances, nearest, faces = ask(points, (CUBE, CUBE_FACES))
    np.testing.assert_allclose(distances[:2], [1e4 - 0.5, 1e6 - 0.5], rtol=1e-6)
    assert nearest[0, 0] == 0.5 and (faces[:2] >= 0).all()
    assert np.isnan(distances[2:]).all() and (faces[2:] == -1).all()


def test_bounds_change_nothing(device):
    mesh, points = torus(), np.random.default_rng(0).uniform(-1.5, 1.5, (500, 3))
    free = ask(points, mesh)
    for factor in (1.0, 3.0, 0.5, 0.0):  # even wrong ones: a walk is made again
        bound = ask(points, mesh, bounds=np.abs(free[0]) * factor)
        for a, b in zip(free, bound, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_winding_number_that_takes_far_triangles_together(device):
    mesh = torus(64, 32)
    points = np.random.default_rng(0).uniform(-1.5, 1.5, (400, 3)).astype(np.float32)
    exact = reference.winding_number(points, *mesh)
    np.testing.assert_allclose(exact, np.round(exact), atol=1e-6)
    found = winding_number(jt.array(points), mesh_tree(*mesh)).numpy()
    np.testing.assert_allclose(found, exact, atol=0.05)


def test_a_hole_has_a_lid(device):
    """Without its top, a cube is inside where half of the view is mesh."""
    open_cube = CUBE, CUBE_FACES[~(CUBE[CUBE_FACES][:, :, 1] == 0.5).all(axis=1)]
    assert len(open_cube[1]) == 10
    points = [[0, -0.4, 0], [0, 0.2, 0], [0, 0.49, 0], [0, 0.6, 0], [0.45, 0.49, 0]]
    distances = ask(points, open_cube, "winding")[0]
    np.testing.assert_array_equal(distances < 0, [True, True, True, False, True])


def test_nothing_asked_and_wrong_shapes():
    tree = mesh_tree(CUBE, CUBE_FACES)
    found = mesh_distance(jt.zeros((0, 3)), tree)
    assert [tuple(v.shape) for v in found] == [(0,), (0, 3), (0,)]
    assert winding_number(jt.zeros((0, 3)), tree).shape == [0]
    with pytest.raises(ValueError, match="without triangles"):
        mesh_tree(CUBE, np.zeros((0, 3), int))
    with pytest.raises(ValueError, match=r"\[P, 3\]"):
        mesh_distance(jt.zeros((4, 2)), tree)
    with pytest.raises(ValueError, match="one for each point"):
        mesh_distance(jt.zeros((4, 3)), tree, bounds=jt.zeros((3,)))
    with pytest.raises(ValueError, match="side is 'left'"):
        mesh_distance(jt.zeros((4, 3)), tree, "left")


def test_threads_make_no_difference():
    mesh, points = torus(), np.random.default_rng(0).uniform(-1.5, 1.5, (3000, 3))
    one, three = (with_threads(n, lambda: ask(points, mesh, "winding")) for n in (1, 3))
    for a, b in zip(one, three, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("n", [1, 31, 700])
def test_on_cuda_threads(cuda_host, n):
    library = cuda_host.library("elementwise")
    library.play()
    mesh = torus()
    tree = mesh_tree(*mesh)
    points = np.random.default_rng(n).uniform(-1.5, 1.5, (n, 3)).astype(np.float32)
    arrays = [v.numpy() for v in (tree.boxes, tree.areas, tree.triangles, tree.numbers)]
    arrays.append(tree.normals.numpy())
    for number, side in enumerate(("none", "normals", "winding")):
        found = np.empty(n, np.float32), np.empty((n, 3), np.float32), np.empty(n, np.int32)
        library.call("mesh", n, *arrays, tree.depth, points, number, 2.5, *found)
        for a, b in zip(found[:2], ask(points, mesh, side), strict=False):
            np.testing.assert_allclose(a, b, atol=1e-5)
        assert found[2].min() >= 0 and found[2].max() < tree.n_faces
        np.testing.assert_allclose(
            np.abs(found[0]), reference.mesh_distance(points, *mesh)[0], atol=1e-6
        )
