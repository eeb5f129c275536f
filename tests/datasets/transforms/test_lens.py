"""transforms.json scenes: intrinsics and lenses in the words of instant-ngp and nerfstudio."""

import cv2
import numpy as np
import pytest
from photographs import FOCAL, INTRINSICS, SIZE, edit, load, make_photographs
from scenes import ring_poses

from jnerf.datasets.cameras.lenses import (
    EquirectangularLens,
    FisheyeLens,
    MixedLens,
    OpenCVLens,
    Pinhole,
)
from jnerf.errors import DataError


@pytest.fixture
def scene(tmp_path):
    return make_photographs(tmp_path / "photos")


def test_intrinsics_of_file_and_frame(scene):
    edit(scene, lambda d: d["frames"][2].update(fl_x=30.0, cx=7.0))
    found = load(scene).cameras.intrinsics
    assert found[0].tolist() == [22, 21, 8.5, 7.5] and found[1].tolist() == [30, 21, 7, 7.5]


def test_focal_lengths_as_angles(scene):
    edit(scene, lambda d: [d.pop(key) for key in ("fl_x", "fl_y", "cx", "cy", "w", "h")])
    edit(scene, lambda d: d.update(x_fov=90.0, camera_angle_y=np.pi / 3))
    expected = [8, 8 * np.sqrt(3), 8, 8]
    np.testing.assert_allclose(load(scene).cameras.intrinsics[0], expected, rtol=1e-6)


def test_stored_images_of_another_size_scale_the_intrinsics(scene):
    """As in a folder images_2, whose poses were found on the full images; one is stored whole."""
    edit(scene, lambda d: d.update(w=32, h=32, fl_x=44.0, fl_y=42.0, cx=17.0, cy=15.0))
    path = str(scene / "images" / "0004.png")
    cv2.imwrite(path, cv2.resize(cv2.imread(path, cv2.IMREAD_UNCHANGED), (32, 32)))
    cameras = load(scene).cameras
    assert cameras.intrinsics[0].tolist() == [22, 21, 8.5, 7.5]
    assert cameras.intrinsics[3].tolist() == [44, 42, 17, 15]
    assert cameras.sizes[0].tolist() == [16, 16] and cameras.sizes[3].tolist() == [32, 32]
    dataset = load(scene)
    assert len(dataset.images.pixels) == 6 * 256 + 1024 and dataset.view(3).width == 32
    images, x, y = dataset.draw_pixels(7000, 0)
    assert x[images == 3].max() == 31 and x[images != 3].max() == 15
    dataset.sample(70, 0)


@pytest.mark.parametrize("downscale", [2, 3])
def test_downscale_keeps_the_field_of_view(scene, downscale):
    """Also where it does not divide the size: 16 pixels become 5."""
    edit(scene, lambda d: d.update(k1=0.05, p1=0.01))
    full, small = load(scene), load(scene, downscale=downscale)
    side = round(SIZE / downscale)
    assert small.view(0).rgba().shape == (side, side, 4)
    points = np.array([[0.5, 0.5, 0.5], [0.6, 0.45, 0.55]])
    np.testing.assert_allclose(
        small.cameras.project(points, 3).xy, full.cameras.project(points, 3).xy * side / SIZE,
        rtol=1e-5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ({}, Pinhole),
        ({"camera_model": "PINHOLE"}, Pinhole),
        ({"camera_model": "SIMPLE_PINHOLE", "k1": 0.0}, Pinhole),
        ({"k1": 0.1}, OpenCVLens),
        ({"camera_model": "OPENCV", "k1": 0.1, "p2": 0.01}, OpenCVLens),
        ({"camera_model": "opencv_fisheye"}, FisheyeLens),
        ({"is_fisheye": True, "k1": 0.01}, FisheyeLens),
        ({"camera_model": "OPENCV_FISHEYE", "is_fisheye": True}, FisheyeLens),
        ({"camera_model": "EQUIRECTANGULAR"}, EquirectangularLens),
        ({"latlong": True}, EquirectangularLens),
    ],
)
def test_lenses_of_both_dialects(scene, keys, kind):
    edit(scene, lambda d: d.update(keys))
    dataset = load(scene)
    assert type(dataset.cameras.lens) is kind
    rays = dataset.view(1).rays()
    points = rays.rays_o.numpy() + 0.7 * rays.rays_d.numpy()
    found = dataset.cameras.project(points, 1)
    y, x = np.mgrid[0:SIZE, 0:SIZE].reshape(2, -1)
    np.testing.assert_allclose(found.xy, np.stack([x, y], axis=1) + 0.5, atol=2e-3)


def test_distortion_is_opencvs(scene):
    """k1 k2 k3 p1 p2 against cv2.projectPoints, in OpenCV's axes."""
    edit(scene, lambda d: d.update(k1=0.1, k2=-0.05, k3=0.02, p1=0.01, p2=-0.02))
    dataset = load(scene, scale=1.0, offset=(0, 0, 0))
    points = np.random.default_rng(0).uniform(-0.6, 0.6, (20, 3))
    pose = ring_poses(9)[1]
    rotation = (pose[:3, :3] * [1, -1, -1]).T
    matrix = np.array([[FOCAL, 0, 8.5], [0, 21, 7.5], [0, 0, 1]])
    expected = cv2.projectPoints(
        points, cv2.Rodrigues(rotation)[0], -rotation @ pose[:3, 3], matrix,
        np.array([0.1, -0.05, 0.01, -0.02, 0.02]),
    )[0][:, 0]  # fmt: skip
    np.testing.assert_allclose(dataset.cameras.project(points, 0).xy, expected, atol=1e-4)


def test_distortion_can_be_left_out(scene):
    plain = load(scene).cameras.lens
    assert isinstance(plain, Pinhole)
    edit(scene, lambda d: d.update(k1=0.1, p2=0.01))
    assert isinstance(load(scene).cameras.lens, OpenCVLens)
    assert isinstance(load(scene, distortion=False).cameras.lens, Pinhole)


def test_panoramas_need_no_focal_length(scene):
    def change(data):
        for key in INTRINSICS:
            del data[key]
        data["camera_model"] = "EQUIRECTANGULAR"

    edit(scene, change)
    cameras = load(scene).cameras
    np.testing.assert_allclose(cameras.intrinsics[0], [16 / 2 / np.pi, 16 / np.pi, 8, 8], rtol=1e-6)
    ahead = -cameras.c2w[0, :, 2]
    middle = cameras.generate_rays([0, 0], [7, 8], [7, 8])[1].mean(axis=0)
    np.testing.assert_allclose(middle / np.linalg.norm(middle), ahead, atol=1e-6)


def test_frames_of_different_cameras(scene):
    def change(data):
        data["frames"][2].update(camera_model="OPENCV_FISHEYE", k1=0.02)
        data["frames"][3].update(k1=0.1)

    edit(scene, change)
    lens = load(scene).cameras.lens
    assert type(lens) is MixedLens
    assert [type(lens.lenses[k]) for k in lens.which[:3]] == [Pinhole, FisheyeLens, OpenCVLens]


def test_a_picture_that_lies_on_its_side(scene):
    for path in (scene / "images").iterdir():
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        cv2.imwrite(str(path), image[:8])
    edit(scene, lambda d: d.update(w=8, h=16))
    with pytest.raises(DataError, match="says 8x16 pixels, the image .* 16x8; it lies on its side"):
        load(scene)
