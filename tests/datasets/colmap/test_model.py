"""The sparse model's files: both kinds say the same, and broken ones say what is wrong."""

import numpy as np
import pytest
from colmap_scenes import Model, tiny_model, write_model
from scenes import ring_poses

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.lenses import FisheyeLens, OpenCVLens, RationalLens, lens_of
from jnerf.datasets.colmap.model import (
    ColmapCamera,
    ColmapImage,
    ModelPlace,
    find_model,
    read_model,
)
from jnerf.datasets.colmap.model.cameras import MODELS, camera_intrinsics, camera_lens
from jnerf.datasets.colmap.model.extent import box_edge
from jnerf.errors import DataError

both = pytest.mark.parametrize("suffix", [".txt", ".bin"])


def written(tmp_path, model: Model | None = None, suffix: str = ".txt"):
    write_model(tmp_path / "model", model or tiny_model(), suffix)
    return tmp_path / "model"


@both
def test_round_trip(tmp_path, suffix):
    model = tiny_model()
    model.images = model.images[::-1]  # any order, also with spaces and folders in names
    model.images[0] = ("right side/a b.png", *model.images[0][1:])
    found = read_model(written(tmp_path, model, suffix), suffix)
    assert list(found.cameras) == [3]
    camera = found.cameras[3]
    assert (camera.model, camera.width, camera.height) == ("SIMPLE_PINHOLE", 16, 16)
    assert camera.params == model.cameras[3][3]
    assert [im.name for im in found.images] == sorted(name for name, *_ in model.images)
    for image in found.images:
        _, number, pose, ids = next(entry for entry in model.images if entry[0] == image.name)
        assert image.camera_id == number
        np.testing.assert_allclose(image.c2w, pose[:3], atol=1e-12)
        expected = [model.points[key] for key in sorted(ids) if key >= 0]
        np.testing.assert_allclose(found.seen_points(image), expected, rtol=1e-15)
    np.testing.assert_allclose(found.points.xyz, list(model.points.values()), rtol=1e-15)


@both
def test_model_without_points(tmp_path, suffix):
    model = tiny_model()
    model.points = {}
    model.images = [(*image[:3], []) for image in model.images]
    found = read_model(written(tmp_path, model, suffix), suffix)
    assert found.points.xyz.shape == (0, 3) and len(found.seen_points(found.images[0])) == 0


def test_quaternions_of_any_length_and_comments(tmp_path):
    folder = written(tmp_path, suffix=".txt")
    path = folder / "images.txt"
    path.write_text(
        "# a comment\n\n1 2.0 0 0 0  0.5 0.25 3 3 b.png\n\n2 0 1 0 0 0 0 0 3 a.png\n# the end\n"
    )
    (folder / "points3D.txt").write_text("# nothing\n")
    a, b = read_model(folder, ".txt").images
    np.testing.assert_allclose(b.c2w, [[1, 0, 0, -0.5], [0, -1, 0, -0.25], [0, 0, -1, -3]])
    # Half a turn about x is OpenGL's camera at rest.
    np.testing.assert_allclose(a.c2w, np.eye(4)[:3], atol=1e-15)


def test_where_models_are_looked_for(tmp_path):
    for place, suffix in (("sparse", ".bin"), ("sparse/0", ".txt"), ("other", ".txt")):
        write_model(tmp_path / place, tiny_model(), suffix)
    assert find_model(tmp_path, None) == ModelPlace(tmp_path / "sparse/0", ".txt")
    assert find_model(tmp_path, "other") == ModelPlace(tmp_path / "other", ".txt")
    assert find_model(tmp_path, "sparse") == ModelPlace(tmp_path / "sparse", ".bin")
    with pytest.raises(DataError, match="looked for cameras.bin .* in .*spars2. .* Did you mean"):
        find_model(tmp_path, "spars2")
    (tmp_path / "other" / "images.txt").unlink()
    with pytest.raises(DataError, match="holds cameras.txt but not images.txt: .* both of"):
        read_model(tmp_path / "other", ".txt")


@pytest.mark.parametrize(
    ("stem", "line", "text", "message"),
    [
        ("cameras", 2, "3 PINHOLE 16", r"cameras.txt:2: expected CAMERA_ID MODEL .* found '3 PIN"),
        ("cameras", 2, "3 PINHOLE 16 16 a b", r"cameras.txt:2: expected CAMERA_ID"),
        ("images", 4, "1 1 0 0 0 0 0 0 3", r"images.txt:4: expected IMAGE_ID QW .* NAME, found"),
        ("images", 3, "1.5 2.5", r"images.txt:3: expected X Y POINT3D_ID"),
        ("images", 3, "1.5 2.5 x", r"images.txt:3: expected X Y POINT3D_ID"),
        ("points3D", 1, "1 2 3", r"points3D.txt:1: expected POINT3D_ID X Y Z"),
        ("points3D", 2, "x" * 200, r"points3D.txt:2: expected .* found 'x{80}\.\.\.'"),
    ],
)
def test_malformed_text(tmp_path, stem, line, text, message):
    folder = written(tmp_path)
    path = folder / f"{stem}.txt"
    lines = path.read_text().split("\n")
    lines[line - 1] = text
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=message):
        read_model(folder, ".txt")


def test_text_that_is_none(tmp_path):
    folder = written(tmp_path)
    (folder / "points3D.txt").write_bytes(b"\xffbinary")
    with pytest.raises(DataError, match="points3D.txt is no UTF-8: byte 0 is 0xff"):
        read_model(folder, ".txt")


@pytest.mark.parametrize("stem", ["cameras", "images", "points3D"])
@pytest.mark.parametrize("left", [0, 5, 0.5, -1])
def test_truncated_binary(tmp_path, stem, left):
    folder = written(tmp_path, suffix=".bin")
    path = folder / f"{stem}.bin"
    data = path.read_bytes()
    path.write_bytes(data[: int(left * len(data)) if isinstance(left, float) else left])
    with pytest.raises(DataError, match=rf"{stem}.bin ends after \d+ bytes, in the middle of"):
        read_model(folder, ".bin")


def test_rubbish_instead_of_binary(tmp_path):
    folder = written(tmp_path, suffix=".bin")
    (folder / "images.bin").write_bytes(b"\xff" * 500)
    with pytest.raises(DataError, match="images.bin ends after 500 bytes"):
        read_model(folder, ".bin")


def _image(place, value):
    def change(model):
        entry = list(model.images[1])
        entry[place] = value
        model.images[1] = tuple(entry)

    return change


@both
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.images.clear(), "images.* lists no image: the reconstruction failed"),
        (_image(1, 8), "image 'view_1.png' was taken with camera 8, and cameras.* has only 3"),
        (_image(0, "view_0.png"), "two images are called 'view_0.png'"),
        (_image(2, np.eye(4) * [1, 1, 1, np.nan]), "'view_1.png' has the pose .*nan"),
    ],
)
def test_contradictions(tmp_path, change, message, suffix):
    model = tiny_model()
    change(model)
    with pytest.raises(DataError, match=message):
        read_model(written(tmp_path, model, suffix), suffix)


def test_unsupported_model_in_binary(tmp_path):
    model = tiny_model()
    model.cameras[3] = ("FOV", 16, 16, (20.0, 20, 8, 8, 0.5))
    folder = written(tmp_path, model, ".bin")
    with pytest.raises(DataError, match="camera 3 has the model FOV, .* image_undistorter"):
        read_model(folder, ".bin")
    data = bytearray((folder / "cameras.bin").read_bytes())
    data[12:16] = (99).to_bytes(4, "little")
    (folder / "cameras.bin").write_bytes(data)
    with pytest.raises(DataError, match="camera 3 has the model number 99, .* not supported"):
        read_model(folder, ".bin")


def camera(model: str, *params: float) -> ColmapCamera:
    return ColmapCamera("cameras.txt: camera 1", model, 800, 600, params)


@pytest.mark.parametrize(
    ("given", "intrinsics", "lens"),
    [
        (camera("SIMPLE_PINHOLE", 700, 400, 300), (700, 700, 400, 300), None),
        (camera("PINHOLE", 700, 710, 401, 302), (700, 710, 401, 302), None),
        (camera("SIMPLE_RADIAL", 700, 400, 300, 0.1), (700, 700, 400, 300), [0.1, 0, 0, 0, 0, 0]),
        (camera("RADIAL", 700, 400, 300, 1, 2), (700, 700, 400, 300), [1, 2, 0, 0, 0, 0]),
        (camera("OPENCV", 7, 8, 4, 3, 1, 2, 3, 4), (7, 8, 4, 3), [1, 2, 0, 0, 3, 4]),
        (
            camera("FULL_OPENCV", 7, 8, 4, 3, 1, 2, 3, 4, 5, 6, 7, 8),
            (7, 8, 4, 3),
            [1, 2, 5, 6, 7, 8, 3, 4],
        ),
        (camera("OPENCV_FISHEYE", 7, 8, 4, 3, 1, 2, 3, 4), (7, 8, 4, 3), [1, 2, 3, 4]),
        (camera("SIMPLE_RADIAL_FISHEYE", 7, 4, 3, 1), (7, 7, 4, 3), [1, 0, 0, 0]),
        (camera("RADIAL_FISHEYE", 7, 4, 3, 1, 2), (7, 7, 4, 3), [1, 2, 0, 0]),
        (camera("SIMPLE_FISHEYE", 7, 4, 3), (7, 7, 4, 3), [0, 0, 0, 0]),
        (camera("FISHEYE", 7, 8, 4, 3), (7, 8, 4, 3), [0, 0, 0, 0]),
        (
            camera("EQUIRECTANGULAR", 800, 600),
            (400 / np.pi, 600 / np.pi, 400, 300),
            None,
        ),
    ],
    ids=lambda value: getattr(value, "model", None),
)
def test_camera_models(given, intrinsics, lens):
    assert camera_intrinsics(given) == intrinsics
    made = lens_of(*([x] for x in camera_lens(given)))
    if lens is not None:
        assert made.coefficients.values.tolist() == [lens]


def test_lens_of_each_model():
    kinds = {name: camera_lens(camera(name, *[0.1] * len(m.params))) for name, m in MODELS.items()}
    types = {name: type(lens_of([kind], [row])) for name, (kind, row) in kinds.items()}
    assert {name for name, kind in types.items() if kind is OpenCVLens} == {
        "SIMPLE_RADIAL",
        "RADIAL",
        "OPENCV",
    }
    assert types["FULL_OPENCV"] is RationalLens
    assert all(types[name] is FisheyeLens for name in MODELS if "FISHEYE" in name)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (camera("FOV", 1, 2, 3, 4, 5), "camera 1 has the model FOV, .* SIMPLE_PINHOLE, PINHOLE"),
        (camera("OPENCV", 7, 8, 4, 3), r"OPENCV takes 8 .* fx fy cx cy k1 k2 p1 p2; found \[7"),
        (camera("PINHOLE", 7, 8, 4, np.inf), "PINHOLE takes 4 finite numbers"),
        (ColmapCamera("camera 1", "PINHOLE", 0, 9, (1.0, 1, 1, 1)), "images would be 0x9 pixels"),
    ],
)
def test_unusable_cameras(given, message):
    with pytest.raises(DataError, match=message):
        camera_intrinsics(given)


def test_projection_of_points_golden():
    """A point, by COLMAP's own formula: p = K (R x + t), OpenCV axes, quaternion of 60 degrees about y."""
    half = np.sqrt(0.75)
    image = ColmapImage(
        "a", 1, np.array([half, 0, 0.5, 0]), np.array([0.1, 0.2, 4]), np.zeros(0), np.zeros((0, 2))
    )
    x = np.array([0.3, -0.2, 0.5])
    rotation = np.array([[0.5, 0, half], [0, 1, 0], [-half, 0, 0.5]])
    local = rotation @ x + [0.1, 0.2, 4]
    expected = [700 * local[0] / local[2] + 400, 710 * local[1] / local[2] + 300]
    cameras = Cameras(image.c2w[None], [[700, 710, 400, 300]], [[800, 600]])
    np.testing.assert_allclose(cameras.project(x[None], 0).xy, [expected], atol=1e-3)


def test_box_holds_nearly_all_points():
    points = np.full((100, 3), 0.5)
    assert box_edge(points) == 1
    points[:5, 1] = -2.6
    assert box_edge(points) == 8
    points[:1, 1] = 1e9  # one stray point does not count
    assert box_edge(points) == 8
    points[:50, 0] = 1e9
    assert box_edge(points) == 128
    with pytest.raises(DataError, match="no points .* give dataset.aabb_scale"):
        box_edge(points[:0])


@both
def test_poses_of_any_orientation(tmp_path, suffix):
    model = tiny_model(1)
    random = np.random.default_rng(3)
    turns = np.linalg.qr(random.normal(size=(20, 3, 3)))[0]
    turns[:, :, 0] *= np.linalg.det(turns)[:, None]
    poses = np.tile(ring_poses(1), (20, 1, 1))
    poses[:, :3] = np.concatenate([turns, random.normal(size=(20, 3, 1))], axis=2)
    model.images = [(f"{i:02d}.png", 3, pose, []) for i, pose in enumerate(poses)]
    found = read_model(written(tmp_path, model, suffix), suffix)
    np.testing.assert_allclose([im.c2w for im in found.images], poses[:, :3], atol=1e-9)
