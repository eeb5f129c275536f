"""Where pictures are taken from: poses of the page, rays of the field, depths of rasterisers."""

import numpy as np
import pytest

from jnerf.datasets.procedural.dataset import ProceduralDataset
from jnerf.engine.pipeline.build import build_pipeline
from jnerf.errors import ConfigError
from jnerf.viewer.stages.stage import Stage
from jnerf.viewer.viewpoint import Viewpoint, pose_of, quaternion_of


def test_poses_go_to_the_page_and_come_back():
    random = np.random.default_rng(3)
    for _ in range(20):
        q, _ = np.linalg.qr(random.normal(size=(3, 3)))
        c2w = np.column_stack([q * np.sign(np.linalg.det(q)), random.normal(size=3)])
        again = pose_of(quaternion_of(c2w), c2w[:, 3])
        np.testing.assert_allclose(again, c2w, atol=1e-9)


def test_the_page_looks_along_z_with_y_down():
    pose = pose_of([1, 0, 0, 0], [0, 0, 0])
    np.testing.assert_allclose(pose[:, :3], np.diag([1, -1, -1]))


def test_rays_of_a_view_are_its_directions(stage):
    pose, target, fov = stage.first_view()
    view = Viewpoint(pose, fov, 10, 6)
    y, x = np.mgrid[0:6:2, 0:10:2].reshape(2, -1).astype(np.int32)
    rays = stage.bundle(stage.cameras_of(view), x, y)
    np.testing.assert_allclose(rays.rays_d.numpy(), view.directions(2).reshape(-1, 3), atol=1e-6)
    np.testing.assert_allclose(rays.rays_o.numpy() - pose[:, 3], 0, atol=1e-6)
    ahead = view.directions()[2:4, 4:6].mean(axis=(0, 1))
    away = target - pose[:, 3]
    assert ahead @ away / np.linalg.norm(away) > 0.99
    points = stage.points(view, np.full((6, 10), 2.0), 1)
    np.testing.assert_allclose(np.linalg.norm(points - pose[:, 3], axis=-1), 2.0)
    np.testing.assert_allclose(stage.planar(view, points), 2 * view.cosines())


def test_the_camera_of_an_image_is_known_by_its_place(stage):
    for split, dataset in stage.splits.items():
        assert stage.view_at(dataset.cameras.c2w[1, :, 3]) == (split, 1)
    assert stage.view_at(np.array([9.0, 9.0, 9.0])) is None


def test_ndc_is_looked_at_from_the_frame_of_its_cameras(small):
    stage = Stage(build_pipeline(small("ngp_fern"), training=False))
    pose, _, fov = stage.first_view()
    view = Viewpoint(pose, fov, 8, 8)
    y, x = np.mgrid[0:8, 0:8].reshape(2, -1).astype(np.int32)
    rays = stage.bundle(stage.cameras_of(view), x, y)
    cameras = stage.cameras_of(view)
    expected = cameras.rays(np.zeros(64, np.int32), x, y)
    for found, wanted in zip((rays.rays_o, rays.rays_d), expected, strict=True):
        np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=2e-5)
    points = stage.points(view, np.full((8, 8), 0.4), 1)
    away = (points - pose[:, 3]) / np.linalg.norm(points - pose[:, 3], axis=-1, keepdims=True)
    np.testing.assert_allclose(away, view.directions(), atol=1e-3)
    back = Viewpoint(pose_of([1, 0, 0, 0], pose[:, 3]), fov, 8, 8)  # looks the other way
    rays = stage.bundle(stage.cameras_of(back), x, y)
    assert np.isfinite(rays.rays_o.numpy()).all() and np.isfinite(rays.rays_d.numpy()).all()
    np.testing.assert_allclose((rays.rays_d**2).sum(1).numpy(), 1, rtol=1e-4)


def test_a_scene_without_cameras_has_nothing_to_walk_around_in(small, monkeypatch):
    pipeline = build_pipeline(small("ngp_embedded"), training=False)
    monkeypatch.setattr(ProceduralDataset, "cameras", None, raising=False)
    with pytest.raises(ConfigError, match="has no cameras in three dimensions"):
        Stage(pipeline)
