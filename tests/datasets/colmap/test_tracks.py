"""Distances of a model's points: where images see them, how they reach batches, and what is wrong with some models."""

import cv2
import numpy as np
import pytest
from colmap_scenes import tiny_model, write_scene

from jnerf.datasets.colmap.dataset import COLMAPDataset
from jnerf.errors import ConfigError, DataError

SIZE = 64


@pytest.fixture(scope="module", params=[".txt", ".bin"])
def scene(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tracks")
    return write_scene(folder, tiny_model(size=SIZE), request.param)


def build(scene, **more):
    return COLMAPDataset(root=str(scene), depth="tracks", **more)


def test_rays_of_points_end_at_the_ball_that_they_lie_on(scene):
    dataset = build(scene, depth_share=0.5)
    assert dataset.provides == {"depth", "depth_error"}
    batch = dataset.sample(2000, 4)
    depth, error = (batch.extras[name].numpy()[:, 0] for name in ("depth", "depth_error"))
    known = depth > 0
    assert 0.45 < known.mean() < 0.55
    ends = batch.rays.rays_o.numpy() + depth[:, None] * batch.rays.rays_d.numpy()
    away = np.linalg.norm(dataset.transform.inverse().points(ends), axis=1)
    pixel = 0.5 * 5 / (0.5 * SIZE / np.tan(0.35))  # half a pixel, five units away
    assert np.abs(away[known] - 1).max() < 3 * pixel and np.abs(away[known] - 1).mean() < pixel
    np.testing.assert_array_equal(error[known], 1)  # all points have the same error
    assert not error[~known].any() and batch.rgba.numpy()[known, 3].mean() > 0.9
    counts = np.unique(batch.rays.image_indices.numpy()[known], return_counts=True)[1]
    assert len(counts) == dataset.n_images and counts.min() > 60


def test_other_rays_stay_as_they_are_and_batches_are_a_matter_of_the_step(scene):
    with_points, without = build(scene), COLMAPDataset(root=str(scene))
    one, two = with_points.sample(500, 7), without.sample(500, 7)
    other = one.extras["depth"].numpy()[:, 0] == 0
    np.testing.assert_array_equal(
        *(b.rays.image_indices.numpy() for b in (one, two)), "images keep their turns"
    )
    for name in ("rays_d", "rays_o"):
        mine, theirs = (getattr(b.rays, name).numpy()[other] for b in (one, two))
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    again = build(scene).sample(500, 7)
    np.testing.assert_array_equal(*(b.extras["depth"].numpy() for b in (one, again)))
    np.testing.assert_array_equal(*(b.rays.rays_d.numpy() for b in (one, again)))
    assert (
        build(scene).sample(500, 8).extras["depth"].numpy() != one.extras["depth"].numpy()
    ).any()


def test_errors_are_of_the_mean(tmp_path):
    model = tiny_model(size=SIZE)
    write_scene(tmp_path, model)
    path = tmp_path / "sparse/0/points3D.txt"
    lines = path.read_text().splitlines()
    path.write_text(
        "\n".join(
            line.replace(" 0.5 1", f" {1.5 if i % 2 else 0.5} 1") for i, line in enumerate(lines)
        )
    )
    errors = build(tmp_path, depth_share=1.0).sample(300, 0).extras["depth_error"].numpy()
    assert set(np.unique(errors.round(5))) == {0.5, 1.5}


def test_smaller_images_and_test_views(scene):
    whole, half = (build(scene, downscale=n, split="test") for n in (1, 2))
    found = whole.depth_of(0)
    assert whole.summary()["n_depth_points"] >= sum((whole.depth_of(i) > 0).sum() for i in (0, 1))
    assert found.shape == (SIZE, SIZE) and 10 < (found > 0).sum() <= 60
    y, x = np.nonzero(half.depth_of(0))
    assert half.depth_of(0).shape == (SIZE // 2, SIZE // 2)
    blocks = found.reshape(SIZE // 2, 2, SIZE // 2, 2).max(axis=(1, 3))
    np.testing.assert_array_equal(blocks > 0, half.depth_of(0) > 0)
    np.testing.assert_allclose(half.depth_of(0)[y, x], blocks[y, x], atol=0.02)


def test_points_that_masks_leave_out_are_no_rays(tmp_path):
    write_scene(tmp_path, tiny_model(size=SIZE))
    (tmp_path / "masks").mkdir()
    keep = np.zeros((SIZE, SIZE), np.uint8)
    keep[:, : SIZE // 2] = 255
    for i in range(9):
        cv2.imwrite(str(tmp_path / f"masks/view_{i}.png"), keep)
    dataset = build(tmp_path)
    for i in range(dataset.n_images):
        left, right = np.split(dataset.depth_of(i), 2, axis=1)
        assert left.any() and not right.any()
    assert (dataset.sample(200, 0).extras["depth"].numpy() > 0).any()


def test_models_without_tracks_are_refused(tmp_path):
    model = tiny_model(size=SIZE)
    model.images = [(name, camera, pose, []) for name, camera, pose, _ in model.images]
    write_scene(tmp_path, model)
    known = dict(near=0.1, far=9.0, aabb_scale=1.0)
    with pytest.raises(DataError, match="of the 0 points that its images see none is within"):
        build(tmp_path, **known)
    assert not build(tmp_path, **known, split="test").depth_of(0).any()
    with pytest.raises(ConfigError, match="depth must be tracks or None, got 'z'"):
        COLMAPDataset(root=str(tmp_path), depth="z")
    with pytest.raises(ConfigError, match=r"depth_share must be in \(0, 1\], got 0"):
        build(tmp_path, depth_share=0)
