"""Scenes in the format of NSVF: what is read, and what is said of broken ones."""

import numpy as np
import pytest
from captures import FOCAL, SIZE, make_nsvf, write_image
from scenes import ball_image, ring_poses

from jnerf.datasets.nsvf.dataset import NSVFDataset
from jnerf.errors import ConfigError, DataError


@pytest.fixture
def scene(tmp_path):
    return make_nsvf(tmp_path / "ball")


def load(scene, **arguments):
    return NSVFDataset(str(scene), **arguments)


def test_pixels_and_rays_belong_together(scene):
    """Rays meet the ball where the images show it; its box is the unit box."""
    dataset = load(scene)
    assert dataset.transform.scale == pytest.approx(1 / 2.2)
    np.testing.assert_allclose(dataset.transform.points([0, 0, 0]), 0.5)
    np.testing.assert_allclose(dataset.cameras.c2w[:, :, :3], ring_poses(3)[:, :3, :3], atol=1e-6)
    batch = dataset.sample(300, 0)
    rays_o, rays_d = batch.rays.rays_o.numpy(), batch.rays.rays_d.numpy()
    gap = np.linalg.norm(np.cross(0.5 - rays_o, rays_d), axis=1)
    np.testing.assert_array_equal(gap * 2.2 < 1, batch.rgba.numpy()[:, 3] > 0.5)
    facts = dataset.facts()
    assert facts["aabb"].tolist() == [0, 0, 0, 1, 1, 1] and facts["cameras"] is dataset.cameras
    assert 0 < facts["near"] < (17**0.5 - 1.1) / 2.2 and facts["far"] > (17**0.5 + 1.1) / 2.2
    assert load(scene, near=0.1, far=5.0).facts()["far"] == 5


def test_rays_that_end_before_the_box_are_refused_with_settings_of_this_format(scene):
    with pytest.raises(DataError, match="far=0.5: raise dataset.far, or give dataset.bbox so") as hit:
        load(scene, near=0.1, far=0.5)
    assert "dataset.scale" not in str(hit.value)


def test_splits_follow_the_names(scene, tmp_path):
    for split, prefix in (("train", 0), ("val", 1), ("test", 2)):
        names = load(scene, split=split).cameras.names
        assert names == tuple(f"{prefix}_{i:04d}" for i in range(3))
    tanks = make_nsvf(tmp_path / "tanks", prefixes="01")
    assert load(tanks, split="test").cameras.names[0] == "1_0000"
    (only,) = [make_nsvf(tmp_path / "only", prefixes="0")]
    with pytest.raises(DataError, match="no image of split 'test': none of the 3 names begins"):
        load(only, split="test")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22 8 8 0.\n0. 0. 0.\n0.\n1.\n16 16\n", [22, 22, 8, 8]),
        ("44 16 16 0.\n0. 0. 0.\n0.\n1.\n32 32\n", [22, 22, 8, 8]),  # of images twice as large
        ("22.0, 8.0, 7.5\n", [22, 22, 8, 7.5]),
        ("22 0 8\n0 21 7\n0 0 1\n", [22, 21, 8, 7]),
        ("22 0 8 0\n0 21 7 0\n0 0 1 0\n0 0 0 1\n", [22, 21, 8, 7]),
    ],
)
def test_forms_of_intrinsics(scene, text, expected):
    (scene / "intrinsics.txt").write_text(text)
    assert load(scene).cameras.intrinsics.tolist() == [expected] * 3


def test_downscale(scene):
    dataset = load(scene, downscale=2)
    assert dataset.view(0).rgba().shape == (8, 8, 4)
    assert dataset.cameras.intrinsics[0].tolist() == [FOCAL / 2, FOCAL / 2, SIZE / 4, SIZE / 4]


def test_white_background(scene):
    """In images without alpha, pure white is empty; everything else is opaque."""
    truth = ball_image(ring_poses(3)[0], SIZE, FOCAL)
    truth[0, 0] = [200, 10, 10, 255]
    image = truth.copy()
    image[truth[..., 3] == 0] = 255
    image[..., 3] = 255
    write_image(scene / "rgb" / "0_0000.png", image)
    assert (load(scene).view(0).rgba()[..., 3] == 255).all()
    found = load(scene, background="white").view(0).rgba()
    np.testing.assert_array_equal(found[..., 3], truth[..., 3])
    np.testing.assert_array_equal(found[truth[..., 3] > 0], truth[truth[..., 3] > 0])


def test_bounding_box(scene):
    given = load(scene, bbox=(-1, -2, -1, 1, 2, 1))
    assert given.transform.scale == 1 / 4
    (scene / "bbox.txt").unlink()
    assert load(scene, bbox=(-1, -2, -1, 1, 2, 1)).n_images == 3
    with pytest.raises(DataError, match="bbox.txt not found. .* or give dataset.bbox"):
        load(scene)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("intrinsics.txt", "", "intrinsics.txt is empty"),
        ("intrinsics.txt", "22 eight 8", "intrinsics.txt:1: expected numbers, found '22 eight 8'"),
        ("intrinsics.txt", "22 8", r"calibration matrix, or 'f cx cy' .* found \[22.0, 8.0\]"),
        ("intrinsics.txt", "-22 8 8", "focal lengths must be positive"),
        ("intrinsics.txt", "22 8 8\n10 16", "images of 16x10 pixels, and there is one of 16x16"),
        ("bbox.txt", "0 0 0 1 1", "bbox.txt: expected min x, y, z, max x, y, z, got 5 numbers"),
        ("bbox.txt", "0 0 0 1 0 1 0.1", "bbox.txt: min < max must hold"),
        ("bbox.txt", "0 0 0 1 nan 1", "bbox.txt:1: NaN or infinity"),
        ("pose/0_0001.txt", "1 0 0\n0 1 0", r"0_0001.txt: expected a 4x4 matrix, found 2 lines"),
        ("pose/0_0001.txt", "2 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1", "0_0001.txt: .* no rotation"),
        ("pose/0_0001.txt", "1 0 0 nan\n0 1 0 0\n0 0 1 0\n0 0 0 1", "0_0001.txt:1: NaN or inf"),
    ],
)
def test_broken_files(scene, name, text, message):
    (scene / name).write_text(text)
    with pytest.raises(DataError, match=message):
        load(scene)


def test_missing_files(scene):
    image = scene / "rgb" / "0_0002.png"
    whole = image.read_bytes()
    image.write_bytes(whole[:-30])
    with pytest.raises(DataError, match="0_0002.png cannot be decoded"):
        load(scene)
    image.write_bytes(whole)
    (scene / "pose" / "0_0001.txt").unlink()
    with pytest.raises(DataError, match="1 of 3 images have no pose: .*0_0001.txt not found"):
        load(scene)
    (scene / "intrinsics.txt").unlink()
    (scene / "pose" / "0_0001.txt").write_text((scene / "pose" / "0_0000.txt").read_text())
    with pytest.raises(DataError, match="intrinsics.txt not found"):
        load(scene)
    (scene / "rgb").rename(scene / "images")
    with pytest.raises(DataError, match="image folder .*rgb not found. .* holds: bbox.txt, images"):
        load(scene)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "tset"}, "split must be train, val, test, got 'tset'"),
        ({"background": "black"}, "background must be alpha or white, got 'black'"),
        ({"downscale": 0}, "downscale must be 1 or more"),
        ({"bbox": (0, 0, 0, 1, 1)}, "bbox: expected min x, y, z, max x, y, z, got 5 numbers"),
        ({"bbox": (0, 0, 0, 1, 0, 1)}, "bbox: min < max must hold"),
        ({"near": 3.0, "far": 1.0}, "near < far must hold, got near=3.0, far=1.0"),
    ],
)
def test_arguments_out_of_range(scene, arguments, message):
    with pytest.raises(ConfigError, match=message):
        load(scene, **arguments)
