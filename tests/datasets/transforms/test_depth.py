"""Depth beside the images of a transforms.json: distances along rays in field units, and what is wrong with some."""

import json
import warnings

import cv2
import numpy as np
import pytest
from scenes import ball_depth, make_tiny_blender, ring_poses

from jnerf.datasets.pictures import pixel_store
from jnerf.datasets.transforms.dataset import TransformsDataset
from jnerf.errors import ConfigError, DataError

SIZE = 24


@pytest.fixture
def scene(tmp_path):
    return make_tiny_blender(tmp_path / "scene", size=SIZE, depth=True)


def edit(scene, change):
    """Rewrites the training file."""
    path = scene / "transforms_train.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def to_ball(rays_o, rays_d, transform):
    """Distance of a ball of radius 1 at the world's origin along rays of the field; 0 where they miss it."""
    o = rays_o - transform.points(np.zeros((1, 3)))
    b = (o * rays_d).sum(1)
    root = b**2 - (o * o).sum(1) + transform.scale**2
    return np.where(root > 0, -b - np.sqrt(np.maximum(root, 0)), 0)


def check(dataset, atol):
    batch = dataset.sample(600, 3)
    rays = (v.numpy().astype(np.float64) for v in (batch.rays.rays_o, batch.rays.rays_d))
    right = to_ball(*rays, dataset.transform)
    found = batch.extras["depth"].numpy()
    assert found.shape == (600, 1) and 100 < (right > 0).sum() < 500
    np.testing.assert_allclose(found[:, 0], right, atol=atol)


def test_depth_along_the_axis_becomes_distance_along_rays(scene):
    dataset = TransformsDataset(root=str(scene), depth="z")
    assert dataset.provides == {"depth"}
    check(dataset, 3e-4 * 1.2)  # half a thousandth, times the scale, and slanted


def test_names_of_another_machine_are_found_by_their_end(scene):
    def elsewhere(content):
        for frame in content["frames"]:
            frame["depth_file_path"] = "/home/someone/" + frame["depth_file_path"]

    edit(scene, elsewhere)
    with pytest.warns(UserWarning, match="not where their names say"):
        check(TransformsDataset(root=str(scene), depth="z", scale=0.2), 3e-4)


def test_distances_along_rays_units_and_smaller_images(scene):
    focal = 0.5 * SIZE / np.tan(0.35)

    def in_file(content):
        content["integer_depth_scale"] = 0.5
        for i, frame in enumerate(content["frames"]):
            frame["depth_path"] = f"d{i}.npy"
            del frame["depth_file_path"]

    y, x = (np.mgrid[0:SIZE, 0:SIZE] + 0.5 - SIZE / 2) / focal
    for i, pose in enumerate(ring_poses(4)):
        away = ball_depth(pose, SIZE, focal) * np.sqrt(1 + x**2 + y**2)
        np.save(scene / f"d{i}.npy", np.where(away > 0, away, np.nan) * 2)
    edit(scene, in_file)
    check(TransformsDataset(root=str(scene), depth="euclidean"), 1e-5)
    half = TransformsDataset(root=str(scene), depth="euclidean", depth_unit=0.5, downscale=2)
    assert half.depth_of(1).shape == (SIZE // 2, SIZE // 2)
    whole = TransformsDataset(root=str(scene), depth="euclidean").depth_of(1)
    np.testing.assert_array_equal(half.depth_of(1), whole[1::2, 1::2])


def test_depth_past_the_memory_lies_on_disk_and_says_the_same(scene, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = []
    mapped = pixel_store.mmap.mmap
    monkeypatch.setattr(pixel_store.mmap, "mmap", lambda *a, **k: made.append(k) or mapped(*a, **k))
    here = TransformsDataset(root=str(scene), depth="z").sample(100, 5)
    assert {} not in made
    there = TransformsDataset(root=str(scene), depth="z", image_memory=1e-9).sample(100, 5)
    assert made.count({}) == 2  # images and depth
    np.testing.assert_array_equal(*(b.extras["depth"].numpy() for b in (here, there)))
    np.testing.assert_array_equal(*(b.rays.rays_d.numpy() for b in (here, there)))


def test_a_frame_may_lack_depth_and_test_views_may(scene):
    edit(scene, lambda content: content["frames"][2].pop("depth_file_path"))
    train = TransformsDataset(root=str(scene), depth="z")
    assert train.summary()["n_depth_files"] == 3
    assert not train.depth_of(2).any() and train.depth_of(1).any()
    assert TransformsDataset(root=str(scene), depth="z", split="test").depth_of(0).any()
    assert TransformsDataset(root=str(scene)).depth_of(0) is None


def write_all(scene, values):
    for i in range(4):
        cv2.imwrite(str(scene / f"depth/train_{i}.png"), np.full((SIZE, SIZE), values, np.uint16))


def test_bad_depth_is_named(scene):
    def build(**more):
        return TransformsDataset(root=str(scene), depth="z", **more)

    with pytest.raises(ConfigError, match="depth must be z, euclidean or None, got 'inverse'"):
        TransformsDataset(root=str(scene), depth="inverse")
    with pytest.raises(ConfigError, match="depth_unit must be positive, got -1"):
        build(depth_unit=-1)
    write_all(scene, 0)
    with pytest.raises(DataError, match="depth is 0, negative or no number at all pixels of all 4"):
        build().sample(4, 0)
    cv2.imwrite(str(scene / "depth/train_1.png"), np.full((SIZE, SIZE), 3000, np.uint16))
    with pytest.warns(UserWarning, match="3 of 4 depth files know nothing, the first of them .*_0"):
        build().sample(4, 0)
    cv2.imwrite(str(scene / "depth/train_1.png"), np.ones((SIZE, SIZE + 9), np.uint16))
    with pytest.raises(DataError, match="train_1.png is 33x24 pixels, its image 24x24"):
        build()
    (scene / "depth/train_1.png").unlink()
    with pytest.raises(DataError, match="1 of the 4 depth files that its frames name are missing"):
        build()
    edit(scene, lambda content: [frame.pop("depth_file_path") for frame in content["frames"]])
    with pytest.raises(DataError, match="none of its 4 frames has a 'depth_file_path'"):
        build()


@pytest.mark.parametrize("unit", [1.0, 1e-6])
def test_a_unit_off_by_a_thousand_is_warned_of(scene, unit):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TransformsDataset(root=str(scene), depth="z").sample(4, 0)
    with pytest.warns(UserWarning, match="field units in the median.*set dataset.depth_unit"):
        TransformsDataset(root=str(scene), depth="z", depth_unit=unit).sample(4, 0)
