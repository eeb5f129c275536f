"""Cameras that see the field's box and cameras that do not: who is refused, and what is said to help."""

import re
import time
import warnings
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scenes import make_tiny_blender, ring_poses

from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.lenses.equirectangular import EquirectangularLens
from jnerf.datasets.cameras.ndc import NDCCameras, NDCSpace
from jnerf.datasets.placement.similarity import Similarity
from jnerf.datasets.posed import PosedImages
from jnerf.engine.guards.sight import box_shares, check_sight, meets_box
from jnerf.engine.run import run
from jnerf.errors import DataError
from jnerf.ops.common.rays.box import ray_box

BOX = np.float32([0, 0, 0, 1, 1, 1])
PLACED = Similarity(0.33, translation=(0.5, 0.5, 0.5))


@pytest.fixture(autouse=True)
def no_warning():
    """A warning that no test waits for is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


def cameras(n=8, size=32, focal=45.0, world=None):
    world = ring_poses(n)[:, :3] if world is None else world
    half = size / 2
    intrinsics = np.tile([focal, focal, half, half], (n, 1))
    return Cameras(PLACED.poses(world), intrinsics, np.full((n, 2), size))


def scene(found, aabb=BOX, near=0.2, far=6.9):
    return PosedImages(found, SimpleNamespace(kept=None), PLACED, aabb, near, far, "train", 0)


def check(dataset, training=True):
    check_sight(dataset, {"root": "my/scene"}, training)


def turned(poses):
    """Of the other axes: y and z of the camera turned round."""
    return poses * np.array([1, -1, -1, 1])


def inverted(poses):
    whole = np.tile(np.eye(4), (len(poses), 1, 1))
    whole[:, :3] = poses
    return np.linalg.inv(whole)[:, :3]


def test_the_same_rays_as_samplers_have():
    rng = np.random.default_rng(3)
    rays_o = rng.uniform(-1, 2, (500, 3)).astype(np.float32)
    rays_d = rng.normal(size=(500, 3)).astype(np.float32)
    rays_d[:40, 0] = 0
    rays_d /= np.linalg.norm(rays_d, axis=1, keepdims=True)
    wanted = [ray_box(o, d, BOX, 0.3, 1.2) is not None for o, d in zip(rays_o, rays_d, strict=True)]
    found = meets_box(rays_o, rays_d, BOX, 0.3, 1.2)
    assert found.tolist() == wanted and 0 < sum(wanted) < 500


def test_shares_are_those_of_all_pixels():
    found = cameras(n=3, size=64, focal=20.0)
    y, x = np.mgrid[0:64, 0:64].reshape(2, -1)
    every = [
        meets_box(*found.generate_rays(np.full(x.shape, i), x, y), BOX, 0.2, 6.9).mean()
        for i in range(3)
    ]
    np.testing.assert_allclose(box_shares(found, BOX, 0.2, 6.9), every, atol=0.02)
    assert 0.1 < every[0] < 0.6


def test_scenes_that_can_be_seen_need_no_word():
    check(scene(cameras()))
    check(scene(cameras(n=1)))
    check(scene(replace(cameras(), lens=EquirectangularLens())))
    check(scene(cameras(), aabb=np.float32([-1.5] * 3 + [2.5] * 3)))  # with cameras inside


def test_opencv_axes():
    told = (
        r"scene my/scene: 0 of 8 training cameras see the field's box \(0, 0, 0\) to \(1, 1, 1\), so there is nothing "
        r"to train on\. Most likely the poses have OpenCV's axes .*negate the second and third column of each \(8 of 8 "
        r"would see the box\)\. Else: the poses are world-to-camera.*"
    )
    with pytest.raises(DataError, match=told):
        check(scene(cameras(world=turned(ring_poses(8)[:, :3]))))


@pytest.mark.parametrize("axes", [lambda poses: poses, turned])
def test_world_to_camera(axes):
    # Of these poses each inverse happens to look past the box, one way round or the other.
    poses = ring_poses(8, radius=4.0, height=3.0)[:, :3]
    wrong = cameras(world=inverted(axes(poses)))
    with pytest.raises(DataError) as caught:
        check(scene(wrong, aabb=BOX))
    assert re.search(
        "Most likely .*the poses are world-to-camera and must be camera-to-world", str(caught.value)
    )
    assert "(8 of 8 would see the box)" in str(caught.value)


def test_distances_that_end_before_the_box():
    with pytest.raises(DataError) as caught:
        check(scene(cameras(), near=0.0, far=0.3))
    told = (
        "near is 0 and far 0.3; set dataset.near and dataset.far (8 of 8 see it at other distances)"
    )
    assert "Most likely rays end before the box or begin behind it: " + told in str(caught.value)


def test_few_cameras_see_it():
    poses = ring_poses(8)[:, :3]
    poses[3:] = turned(poses[3:])
    told = r"my/scene: only 3 of 8 training cameras see the field's box .*; not camera 3, camera 4, camera 5"
    with pytest.warns(UserWarning, match=told):
        check(scene(cameras(world=poses)))
    poses[3:5] = turned(poses[3:5])
    check(scene(cameras(world=poses)))  # five of eight: somebody may have photographed a room


def test_a_box_that_is_hardly_seen():
    small = np.float32([0.49] * 3 + [0.51] * 3)
    with pytest.warns(UserWarning, match=r"only 0\.39% of the training rays meet the field's box"):
        check(scene(cameras(), aabb=small))


def test_test_views_that_look_elsewhere():
    blind = scene(cameras(world=turned(ring_poses(8)[:, :3])))
    with pytest.warns(UserWarning, match="only 0 of 8 test cameras see the field's box"):
        check(blind, training=False)


def test_settings_that_a_format_has_are_named(tmp_path):
    make_tiny_blender(tmp_path)
    dataset = BlenderDataset(root=str(tmp_path), offset=(0.5, 0.5, 4.0))
    with pytest.raises(DataError) as caught:
        check_sight(dataset, {"root": "my/scene"})
    told = "the middle of the cameras is at (0.5, 0.5, 4.33) of the field): set dataset.scale, dataset.offset, "
    assert told + "dataset.aabb_scale" in str(caught.value)
    assert "auto" not in str(caught.value)


def test_a_lens_without_a_direction_in_the_corners(monkeypatch):
    found = cameras()
    real = Cameras.generate_rays

    def without_corners(self, indices, x, y):
        rays_o, rays_d = real(self, indices, x, y)
        rays_d[np.asarray(x) < 16] = np.nan
        return rays_o, rays_d

    monkeypatch.setattr(Cameras, "generate_rays", without_corners)
    assert (box_shares(found, BOX, 0.2, 6.9) > 0.9).all()


def test_ndc_cameras():
    poses = np.tile(np.eye(4)[:3], (4, 1, 1))
    poses[:, 0, 3] = np.linspace(-0.1, 0.1, 4)
    given = poses, np.tile([45.0, 45, 16, 16], (4, 1)), np.full((4, 2), 32)
    check(
        scene(NDCCameras(*given, space=NDCSpace(1.0, (-0.5, -0.5), (0.5, 0.5))), near=0.0, far=1.8)
    )


def test_a_dataset_without_cameras(tiny):
    dataset = scene(cameras())
    dataset.cameras = None
    check(dataset)


def test_it_costs_next_to_nothing():
    """Three thousand cameras, the number that a large capture has."""
    found = scene(cameras(n=3000))
    start = time.process_time()
    check(found)
    assert time.process_time() - start < 1.0


def test_a_run_that_would_train_on_nothing(tiny, folder):
    with pytest.raises(
        DataError, match=r"scene FakeDataset: 0 of 6 training cameras see the field's box"
    ):
        run(tiny("dataset.middle=9.0"), "train")
    assert not folder.exists()
