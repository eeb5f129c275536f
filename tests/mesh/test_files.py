"""Mesh files: what is in them, and what happens when the disk refuses."""

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import trimesh

from jnerf.errors import ConfigError, JnerfError
from jnerf.mesh import files, obj
from jnerf.mesh.files import check_outputs, write_mesh


@pytest.fixture
def mesh():
    found = trimesh.Trimesh(
        [[0, 0, 0.125], [1, 0, 0], [0, -2.5, 0], [0, 0, 3]],
        [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]],
        process=False,
    )
    found.visual.vertex_colors = np.uint8([[255, 0, 0], [0, 128, 0], [0, 0, 7], [9, 9, 9]])
    return found


@pytest.mark.parametrize("name", ["a.ply", "b.obj", "C.PLY", "d.glb"])
def test_what_is_written_is_read(mesh, tmp_path, name):
    path = tmp_path / name
    assert write_mesh(mesh, path) == [path]
    found = trimesh.load(path, process=False, force="mesh")
    np.testing.assert_allclose(found.vertices, mesh.vertices)
    np.testing.assert_array_equal(found.faces, mesh.faces)
    expected = mesh.visual.vertex_colors[:, :3].copy()
    if name == "d.glb":  # whose colours are linear
        expected = np.array([[255, 0, 0], [0, 55, 0], [0, 0, 1], [1, 1, 1]])
    np.testing.assert_array_equal(found.visual.vertex_colors[:, :3], expected)
    assert os.listdir(tmp_path) == [name]


def test_ply_is_binary_and_has_normals(mesh, tmp_path):
    write_mesh(mesh, tmp_path / "a.ply")
    header = (tmp_path / "a.ply").read_bytes().split(b"end_header")[0].decode()
    assert "format binary_little_endian 1.0" in header and "element vertex 4" in header
    for name in ("float nx", "uchar red", "float x"):
        assert f"property {name}" in header


def test_obj_is_vertices_with_colours_and_faces(mesh, tmp_path):
    write_mesh(mesh, tmp_path / "a.obj")
    lines = (tmp_path / "a.obj").read_text().splitlines()
    vertices = [line.split() for line in lines if line.startswith("v ")]
    assert len(vertices) == 4 and all(len(line) == 7 for line in vertices)
    assert vertices[1][1:] == ["1", "0", "0", "0", "0.50196", "0"]
    assert [line for line in lines if line.startswith("f ")][0].split()[1:] == ["1", "3", "2"]


def test_obj_is_written_in_parts(mesh, tmp_path, monkeypatch):
    write_mesh(mesh, tmp_path / "a.obj")
    monkeypatch.setattr(obj, "_ROWS", 3)
    write_mesh(mesh, tmp_path / "b.obj")
    assert (tmp_path / "a.obj").read_text() == (tmp_path / "b.obj").read_text()


def test_obj_without_colours(mesh, tmp_path):
    write_mesh(trimesh.Trimesh(mesh.vertices, mesh.faces, process=False), tmp_path / "a.obj")
    assert (tmp_path / "a.obj").read_text().startswith("v 0 0 0.125\nv 1 0 0\n")


def test_a_full_disk_is_seen_before_and_while_writing(mesh, tmp_path, monkeypatch):
    path = tmp_path / "a.ply"
    path.write_text("the old one")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=100))
    with pytest.raises(JnerfError, match="needs about 0 MiB and 0 MiB are free. Free disk space"):
        write_mesh(mesh, path)
    monkeypatch.undo()

    def full(temporary, parts):
        temporary.write_bytes(next(iter(parts))[:50])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "_write", full)
    with pytest.raises(JnerfError, match="cannot write .*a.ply: .*No space left on device"):
        write_mesh(mesh, path)
    assert path.read_text() == "the old one" and os.listdir(tmp_path) == ["a.ply"]


def test_outputs_are_checked_before_anything_is_computed(tmp_path):
    check_outputs([tmp_path / "new" / "a.ply", tmp_path / "a.OBJ"])
    assert (tmp_path / "new").is_dir()
    with pytest.raises(
        ConfigError, match=r"a\.stl: the suffix says the format.*\.ply, \.obj, \.glb"
    ):
        check_outputs([tmp_path / "a.stl"])
    with pytest.raises(ConfigError, match=r"a\.ply: \.ply holds no picture"):
        check_outputs([tmp_path / "a.ply"], textured=True)
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "a.ply", Path("/proc/x/a.ply")):
        with pytest.raises(ConfigError, match="cannot write .*a.ply: .*--output"):
            check_outputs([place])
    (tmp_path / "b.ply").mkdir()
    with pytest.raises(ConfigError, match="it is a folder"):
        check_outputs([tmp_path / "b.ply"])


def test_files_that_are_there_are_kept_unless_forced(tmp_path):
    (tmp_path / "a.ply").write_text("dear")
    (tmp_path / "b.png").write_text("dear")
    with pytest.raises(ConfigError, match=r"a\.ply is there already: say --force"):
        check_outputs([tmp_path / "a.ply"], force=False)
    check_outputs([tmp_path / "a.ply"])
    check_outputs([tmp_path / "b.obj"], force=False)
    with pytest.raises(ConfigError, match=r"b\.png is there already"):  # the picture of b.obj
        check_outputs([tmp_path / "b.obj"], textured=True, force=False)
