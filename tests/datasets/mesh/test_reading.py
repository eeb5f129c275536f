"""Mesh files of every kind that people bring: right, odd, and wrong."""

import numpy as np
import pytest
from meshes import CUBE, CUBE_FACES, torus, write_obj

from jnerf.datasets.mesh.reading import read_mesh
from jnerf.errors import DataError

trimesh = pytest.importorskip("trimesh")


def write(path, text):
    path.write_text(text)
    return str(path)


TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"


@pytest.mark.parametrize("suffix", ["obj", "ply", "stl", "off", "glb"])
def test_every_format_gives_the_same_triangles(tmp_path, suffix):
    mesh = trimesh.Trimesh(*torus(8, 5), process=False)
    path = tmp_path / f"mesh.{suffix}"
    mesh.export(path)
    found = read_mesh(str(path))
    np.testing.assert_allclose(found.corners, mesh.triangles, atol=1e-6)


@pytest.mark.parametrize(
    "faces, expected",
    [
        ("f 1 2 3", [[0, 1, 2]]),
        ("f 1/5 2/6 3/7", [[0, 1, 2]]),
        ("f 1//1 2//1 3//1", [[0, 1, 2]]),
        ("f -3 -2 -1", [[0, 1, 2]]),
        ("f 1 2 \\\n3", [[0, 1, 2]]),
        ("o thing\nusemtl red\ns off\nf 1 2 3 # the only one", None),
        ("v 1 1 0 0.5 0.5 0.5\nf 1 2 4 3\nl 1 2\nf 3 2 1", [[0, 1, 3], [0, 3, 2], [2, 1, 0]]),
    ],
)
def test_faces_of_obj(tmp_path, faces, expected):
    path = write(tmp_path / "a.obj", f"# {faces!r}\n{TRIANGLE}vt 0 0\nvn 0 0 1\n{faces}\n")
    if expected is None:
        with pytest.raises(DataError, match="line 10 is"):
            read_mesh(path)
        return
    np.testing.assert_array_equal(read_mesh(path).faces, expected)


def test_vertices_without_a_face_and_faces_of_one_vertex_twice_are_left_out(tmp_path):
    text = f"v nan nan nan\n{TRIANGLE}v 9 9 9\nf 2 3 4\nf 2 2 3\n"
    found = read_mesh(write(tmp_path / "a.obj", text))
    np.testing.assert_array_equal(found.vertices, [[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(found.faces, [[0, 1, 2]])


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "no vertex and no face"),
        (TRIANGLE, "3 vertices and no face"),
        (f"{TRIANGLE}f 1 2 4\n", "face 1 is of vertex 4, and there are 3"),
        (f"{TRIANGLE}f 1 2 3\nf 3 2 -9\n", "face 2 is of vertex -5"),
        (f"{TRIANGLE}f 1 2\n", "line 4 is 'f 1 2'"),
        (f"{TRIANGLE}f 0 1 2\n", "line 4 is 'f 0 1 2'"),
        (f"{TRIANGLE}v 1 2\nf 1 2 3\n", "line 4 is 'v 1 2'"),
        (f"{TRIANGLE}v 1 2 x\nf 1 2 3\n", "line 4 is 'v 1 2 x'"),
        (f"{TRIANGLE}v 0 nan 1\nf 1 2 4\n", "vertex 4 is .*nan.* 1 in all are not finite"),
        (f"{TRIANGLE}v 0 1e999 1\nf 1 2 4\n", "vertex 4 is .*inf"),
        ("v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n", "single points"),
        (f"{TRIANGLE}f 1 1 2\n", "one vertex twice"),
    ],
)
def test_wrong_obj_says_where(tmp_path, text, message):
    with pytest.raises(DataError, match=f"mesh .*a.obj: .*{message}"):
        read_mesh(write(tmp_path / "a.obj", text))


@pytest.mark.parametrize("suffix", ["ply", "stl", "glb", "off"])
@pytest.mark.parametrize("part", [0.0, 0.6])
def test_files_that_end_too_early(tmp_path, suffix, part):
    path = tmp_path / f"mesh.{suffix}"
    trimesh.Trimesh(*torus(8, 5), process=False).export(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])
    with pytest.raises(DataError, match=f"mesh .*{suffix}"):
        read_mesh(str(path))


def test_a_cut_obj_is_found_by_what_it_lacks(tmp_path):
    path = write_obj(tmp_path / "a.obj", CUBE, CUBE_FACES)
    text = path.read_text()
    path.write_text(text[: text.index("f ")])
    with pytest.raises(DataError, match="8 vertices and no face"):
        read_mesh(str(path))
    path.write_text(text[-40:])
    with pytest.raises(DataError, match="no vertex|there are 0"):
        read_mesh(str(path))


def test_files_that_are_not_there_or_of_no_kind(tmp_path):
    with pytest.raises(DataError, match="not found: looked for"):
        read_mesh(str(tmp_path / "a.obj"))
    with pytest.raises(DataError, match="is a folder: name the mesh's file"):
        read_mesh(str(tmp_path))
    with pytest.raises(DataError, match="the suffix says the format"):
        read_mesh(write(tmp_path / "a.fbx", "x"))
    (tmp_path / "b.obj").write_bytes(b"v 0 0 0\xff\n")
    with pytest.raises(DataError, match="no UTF-8"):
        read_mesh(str(tmp_path / "b.obj"))
