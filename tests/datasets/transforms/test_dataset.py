"""transforms.json scenes: where they are placed, and what is said of broken ones."""

import json
import warnings

import cv2
import numpy as np
import pytest
from photographs import SIZE, edit, load, make_photographs
from scenes import ring_poses

from jnerf.errors import ConfigError, DataError


@pytest.fixture
def scene(tmp_path):
    return make_photographs(tmp_path / "photos")


def test_scene_as_instant_ngp_places_it(scene):
    edit(scene, lambda d: d.update(aabb_scale=4))
    dataset = load(scene)
    assert dataset.aabb.tolist() == [-1.5] * 3 + [2.5] * 3
    assert dataset.far == pytest.approx(16 * np.sqrt(3)) and dataset.near == 0.2
    np.testing.assert_allclose(
        dataset.cameras.c2w[:, :, 3], ring_poses(9)[1:8, :3, 3] * 0.33 + 0.5, rtol=1e-6
    )
    np.testing.assert_allclose(dataset.cameras.c2w[0, :, :3], ring_poses(9)[1, :3, :3], rtol=1e-6)
    batch = dataset.sample(14, 0)
    assert batch.rgba.shape == [14, 4] and dataset.view(2).rgba().shape == (SIZE, SIZE, 4)
    image = cv2.imread(str(scene / "images" / "0003.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(
        dataset.view(2).rgba(), image[..., [2, 1, 0, 3]]
    )  # with its alpha


def test_keys_of_the_file_give_way_to_arguments(scene):
    edit(scene, lambda d: d.update(aabb_scale=2, scale=0.5, offset=[0.4, 0.5, 0.6]))
    for arguments, scale, offset, edge in (
        ({}, 0.5, [0.4, 0.5, 0.6], 2),
        ({"scale": 0.2, "offset": (0.1, 0.2, 0.3), "aabb_scale": 8}, 0.2, [0.1, 0.2, 0.3], 8),
    ):
        dataset = load(scene, **arguments)
        assert dataset.transform.scale == scale and dataset.transform.translation.tolist() == offset
        assert dataset.aabb[3] - dataset.aabb[0] == edge
    edit(scene, lambda d: d.update(offset=0.25))
    assert load(scene).transform.translation.tolist() == [0.25] * 3


def test_placing_by_the_cameras(scene):
    """A scene tilted, moved and far too large comes out like any other, and its test views with it."""
    tilt = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    edit(scene, lambda d: d.update(scale=9.0, offset=[7, 7, 7]))

    def change(data):
        for frame in data["frames"]:
            pose = np.array(frame["transform_matrix"])
            pose[:3, :3] = tilt @ pose[:3, :3]
            pose[:3, 3] = tilt @ pose[:3, 3] * 100 + [50, -20, 10]
            frame["transform_matrix"] = pose.tolist()

    edit(scene, change)
    auto = {"auto_orient": True, "auto_centre": True, "auto_scale": True}
    train, test = load(scene, **auto), load(scene, split="test", **auto)
    eyes = train.cameras.c2w[:, :, 3]
    np.testing.assert_allclose(eyes.mean(axis=0), 0.5, atol=1e-5)
    assert np.linalg.norm(eyes - 0.5, axis=1).max() == pytest.approx(0.33, abs=1e-5)
    assert train.cameras.c2w[:, 2, 1].mean() == pytest.approx(
        np.linalg.norm(train.cameras.c2w[:, :, 1].mean(axis=0)), abs=1e-6
    )
    assert test.transform.to_dict() == train.transform.to_dict()
    world = np.array(json.loads((scene / "transforms.json").read_text())["frames"][8]
                     ["transform_matrix"])[:3, 3]  # fmt: skip
    np.testing.assert_allclose(test.cameras.c2w[1, :, 3], test.transform.points(world), rtol=1e-5)
    wide = load(scene, **auto, scale=0.5, offset=(0.4, 0.4, 0.4)).cameras.c2w[:, :, 3]
    np.testing.assert_allclose(wide.mean(axis=0), 0.4, atol=1e-5)
    np.testing.assert_allclose((wide - 0.4) / 0.5, (eyes - 0.5) / 0.33, atol=1e-5)


def _set(key, value, frame=1):
    return lambda data: data["frames"][frame].__setitem__(key, value)


def _all(**keys):
    return lambda data: data.update(keys)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("frames"), r"transforms.json has no frames: .* found keys fl_x"),
        (lambda d: d.update(frames=[]), "has no frames: .* found an empty list"),
        (lambda d: (d.pop("fl_x"), d.pop("fl_y")), "frame 1 'images/0001.png': no focal length"),
        (lambda d: d["frames"][1].pop("transform_matrix"), "0001.png': 'transform_matrix' must be"),
        (_set("transform_matrix", [[1.0] * 4] * 3), "0001.png': .* singular"),
        (_set("fl_x", float("nan")), r"0001.png': 'fl_x' must be finite, below 1e\+15, got nan"),
        (_set("fl_x", -3.0), "0001: intrinsics .* must be positive"),
        (_set("k1", "0.1"), "0001.png': 'k1' must be a number, got '0.1'"),
        (_all(k2=float("inf")), r"'k2' must be finite, below 1e\+15, got inf"),
        (
            _all(camera_model="FULL_OPENCV"),
            "unknown camera_model 'FULL_OPENCV': expected one of PIN",
        ),
        (_all(camera_model=5), "'camera_model' must be a string, got 5"),
        (_all(camera_model="OPENCV", is_fisheye=True), "'OPENCV' contradicts 'is_fisheye': remove"),
        (_all(equirectangular=True), "'equirectangular' means a panorama of equal areas"),
        (_all(ftheta_p0=0.3), "'ftheta_p0' means an f-theta lens"),
        (_all(rolling_shutter=[0, 0.1, 0, 0]), "'rolling_shutter' means a rolling shutter"),
        (_all(w=32, h=16), "says 32x16 pixels, the image .* has 16x16; restore the images"),
        (_all(w=0), "'w' and 'h' must be sizes in pixels, got 0.0 and 16.0"),
        (_all(aabb_scale=-1), "transforms.json: 'aabb_scale' must be positive, got -1"),
        (_all(scale="big"), "transforms.json: 'scale' must be a number, got 'big'"),
        (_all(offset=[1, 2]), r"transforms.json: 'offset' must be three numbers, got \[1, 2\]"),
        (_all(offset=[99, 0, 0]), "the camera stands .* lower dataset.scale"),
        (_all(train_filenames="all"), "'train_filenames' must be a list of file paths, got 'all'"),
        (_all(train_filenames=["a.png"]), "1 of the 1 images in 'train_filenames' .* 'a.png'"),
        (_all(test_filenames=["a"]), "lists test_filenames, but nothing for split 'train'"),
    ],
)
def test_broken_scene_file(scene, change, message):
    edit(scene, change)
    with pytest.raises(DataError, match=message):
        load(scene)


def test_unreadable_image(scene):
    path = scene / "images" / "0003.png"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="0003.png cannot be decoded"):
        load(scene).sample(8, 0)
    path.write_bytes(b"")
    with pytest.raises(DataError, match="0003.png cannot be decoded: its 0 bytes"):
        load(scene)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "tset"}, "split must be train, val or test, got 'tset'"),
        ({"holdout": 1}, "holdout must be 2 or more, or 0"),
        ({"scale": 0.0}, "scale must be positive, got 0"),
        ({"aabb_scale": -1.0}, "aabb_scale must be positive"),
        ({"offset": (0.5, 0.5)}, "offset must be three numbers"),
        ({"near": 2.0, "far": 1.0}, "near < far must hold, got near=2.0, far=1.0"),
        ({"downscale": 0}, "downscale must be 1 or more"),
        ({"missing": "ignore"}, "missing must be error or drop, got 'ignore'"),
    ],
)
def test_arguments_out_of_range(scene, arguments, message):
    with pytest.raises(ConfigError, match=message):
        load(scene, **arguments)


def test_a_box_beyond_that_of_grids_is_named_with_its_file(scene):
    edit(scene, lambda d: d.update(aabb_scale=256))
    message = (
        r"transforms.json: 'aabb_scale' is 256: .* take 1 to 128. Lower the key, or set dataset"
    )
    with pytest.warns(UserWarning, match=message):
        assert load(scene).aabb[3] == 128.5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(scene, aabb_scale=128.0).aabb[3] == 64.5
        edit(scene, lambda d: d.update(aabb_scale=128))
        load(scene)
