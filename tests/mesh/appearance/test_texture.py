"""A ball with a picture of its colours, from the field to a file that another program opens."""

import numpy as np
import pytest
import trimesh
from mesh_fields import TURNED, SdfBall, pipeline

from jnerf.errors import ConfigError
from jnerf.mesh.appearance.unwrap import unwrap
from jnerf.mesh.extract import extract_mesh
from jnerf.mesh.files import write_mesh
from jnerf.mesh.options import MOST_TEXTURED, MeshOptions

MIDDLE = TURNED.inverse().points([0.5, 0.5, 0.5])


@pytest.fixture(scope="module")
def ball():
    pytest.importorskip("xatlas")  # has no wheels for Python 3.14, nor for ARM under Linux
    options = MeshOptions(resolution=40, texture=128, faces=600, visible=False)
    return extract_mesh(pipeline(SdfBall(), TURNED), options, progress=False)


def colors_on(mesh, n=4000):
    """Points on a mesh and the colours that its picture has there."""
    points, faces = trimesh.sample.sample_surface(mesh, n, seed=0)
    weights = trimesh.triangles.points_to_barycentric(mesh.triangles[faces], points)
    uvs = np.einsum("nc,nck->nk", weights, np.asarray(mesh.visual.uv)[mesh.faces[faces]])
    material = mesh.visual.material
    picture = getattr(material, "baseColorTexture", None) or material.image
    picture = np.asarray(picture.convert("RGB"))
    size = len(picture)
    return points, picture[((1 - uvs[:, 1]) * size).astype(int), (uvs[:, 0] * size).astype(int)]


def expected(points):
    """What the ball shows: 0.5 + 0.5 n, n the normal in the field's axes."""
    outward = TURNED.points(points) - 0.5
    return 255 * (0.5 + 0.5 * outward / 0.3)


def check(mesh):
    assert 400 < len(mesh.faces) <= 620
    radii = np.linalg.norm(mesh.vertices - MIDDLE, axis=1)
    np.testing.assert_allclose(radii, 0.3 / 0.2, rtol=0.03)
    points, found = colors_on(mesh)
    errors = np.abs(found - expected(points)).max(axis=1)
    assert np.median(errors) < 6 and np.percentile(errors, 99) < 16


def test_the_picture_has_the_fields_colours(ball):
    check(ball)
    assert ball.visual.material.baseColorTexture.size == (128, 128)


def test_glb_and_obj_hold_the_picture_and_normals(ball, tmp_path):
    assert write_mesh(ball, tmp_path / "a.glb") == [tmp_path / "a.glb"]
    files = write_mesh(ball, tmp_path / "b.obj")
    assert [path.name for path in files] == ["b.obj", "b.mtl", "b.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.glb", "b.mtl", "b.obj", "b.png"]
    glb = trimesh.load(tmp_path / "a.glb", force="mesh", process=False)
    check(glb)
    assert glb.visual.material.metallicFactor == 0
    outward = (glb.vertices - MIDDLE) / np.linalg.norm(glb.vertices - MIDDLE, axis=1)[:, None]
    assert (glb.vertex_normals * outward).sum(axis=1).min() > 0.9
    check(trimesh.load(tmp_path / "b.obj", force="mesh", process=False))


def test_charts_keep_every_face_and_do_not_overlap():
    pytest.importorskip("xatlas")
    mesh = trimesh.creation.box()
    flat = unwrap(mesh.vertices, mesh.faces, 64)
    np.testing.assert_array_equal(flat.source[flat.faces], mesh.faces)
    assert flat.uvs.min() >= 0 and flat.uvs.max() <= 1
    a, b, c = np.moveaxis(flat.uvs[flat.faces], 1, 0)
    (ux, uy), (vx, vy) = (b - a).T, (c - a).T
    areas = 0.5 * np.abs(ux * vy - uy * vx)
    np.testing.assert_allclose(areas, areas.mean(), rtol=0.2)  # as on the box
    assert areas.sum() < 1


@pytest.mark.parametrize(
    "options, message",
    [
        ({"texture": 8}, "--texture 8: a side may have 16 to 8192"),
        ({"texture": 10**6}, "--texture 1000000: a side may have 16 to 8192"),
        ({"texture": 64, "color": False}, "exclude each other"),
        ({"texture": 64, "faces": MOST_TEXTURED + 1}, "with --texture at most"),
        ({"faces": 3}, "--faces 3: a solid has at least 4"),
        ({"min_faces": -1}, "--min-faces -1"),
        ({"min_size": float("nan")}, "--min-size nan"),
        ({"level": float("inf")}, "--level inf"),
    ],
)
def test_numbers_out_of_range(options, message):
    with pytest.raises(ConfigError, match=message):
        MeshOptions(**options)


def test_what_a_texture_means_for_the_rest():
    assert MeshOptions(texture=64).only_visible and MeshOptions(texture=64).most_faces == 50_000
    assert not MeshOptions().only_visible and MeshOptions().most_faces is None
    assert not MeshOptions(texture=64, visible=False).only_visible
