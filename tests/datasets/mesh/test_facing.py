"""Meshes of several closed parts: which face outwards, which are cavities, what is said of those that were turned."""

import warnings

import numpy as np
import pytest
from meshes import CUBE, CUBE_FACES, cube_distance
from solids import POINTS, distances, solid_of

IN, OUT = CUBE_FACES[:, ::-1], CUBE_FACES


def cubes(*parts):
    """(vertices, faces) of cubes: edge, middle, triangles."""
    vertices = np.concatenate([CUBE * edge + middle for edge, middle, _ in parts])
    return vertices, np.concatenate([faces + 8 * i for i, (_, _, faces) in enumerate(parts)])


def shell(points, *edges):
    """Distance of cubes within one another around the origin."""
    found = cube_distance(points, edges[0] / 2)
    for i, edge in enumerate(edges[1:]):
        inner = cube_distance(points, edge / 2)
        found = np.minimum(found, inner) if i % 2 else np.maximum(found, -inner)
    return found


@pytest.mark.parametrize(
    "sides, warns, n_turned",
    [
        ((OUT, IN, OUT), None, 0),
        ((OUT, IN, IN), r"1 of its 3 parts .*now outwards, within 2 others", 12),
        ((IN, OUT, IN), "inside out", 36),
        ((IN, OUT, OUT), r"2 of its 3 parts .*now outwards; .*now inwards", 24),
    ],
)
def test_cubes_within_cubes(sides, warns, n_turned):
    edges = 1.6, 1.0, 0.4
    mesh = cubes(*((edge, 0.0, faces) for edge, faces in zip(edges, sides, strict=True)))
    solid = solid_of(*mesh, warns)
    assert solid.side == "normals" and solid.about.get("n_turned", 0) == n_turned
    np.testing.assert_allclose(distances(solid), shell(POINTS, *edges), atol=1e-6)


@pytest.mark.parametrize("faces", [OUT, IN])
def test_a_body_that_faces_as_what_it_lies_in_is_no_cavity(faces):
    """The eyeballs of a statue: inside of any of its parts is inside."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one is inside out, too
        solid = solid_of(*cubes((1.6, 0.0, faces), (1.0, 0.0, faces)), "touch or swallow")
    assert solid.side == "winding" and solid.about["n_crossing_parts"] == 1
    np.testing.assert_array_equal(distances(solid) < 0, cube_distance(POINTS, 0.8) < 0)


def test_a_cavity_stays_one_where_a_triangle_is_wrong():
    vertices, faces = cubes((1.6, 0.0, OUT), (0.8, 0.0, IN))
    faces[3] = faces[3][::-1]
    solid = solid_of(vertices, faces, "face different sides. 1 triangles of 24 were turned")
    assert solid.side == "normals" and solid.about == {"n_turned": 1}
    np.testing.assert_allclose(distances(solid), shell(POINTS, 1.6, 0.8), atol=1e-6)


def test_a_small_part_beside_another_is_not_judged_by_the_volume_of_all():
    middle = np.array([0.9, 0, 0])
    solid = solid_of(*cubes((1.0, 0.0, OUT), (0.4, middle, IN)), "1 of its 2 parts .*outwards")
    assert solid.about == {"n_turned": 12}
    expected = np.minimum(cube_distance(POINTS), cube_distance(POINTS - middle, 0.2))
    np.testing.assert_allclose(distances(solid), expected, atol=1e-6)


@pytest.mark.parametrize("shift", [0.7, 1.0])  # they cross, they touch
def test_parts_that_cross_are_one_by_their_winding_number(shift):
    other = np.array([shift, 0, 0])
    solid = solid_of(*cubes((1.0, 0.0, OUT), (1.0, other, OUT)), "parts that others cross, touch or")
    assert solid.side == "winding"
    inside = np.minimum(cube_distance(POINTS), cube_distance(POINTS - other)) < 0
    np.testing.assert_array_equal(distances(solid) < 0, inside)


def test_closed_parts_beside_an_open_one_face_outwards():
    vertices, faces = cubes((0.4, [0.9, 0, 0], IN), (1.0, 0.0, OUT))
    with pytest.warns(UserWarning, match="1 of its 2 parts"):
        solid = solid_of(vertices, faces[:-2], "open: 4 edges")
    found = distances(solid, np.float32([[0.9, 0, 0], [0, 0, -0.2], [0.9, 0.5, 0]]))
    assert (found < 0).tolist() == [True, True, False]
