"""A scene around its points: the middle, the core, and what stands far off."""

import numpy as np
import pytest
from scenes import ring_poses

from jnerf.datasets.placement.normalize import orient_principal
from jnerf.datasets.placement.points import around_points, median_depths
from jnerf.errors import DataError

POSES = ring_poses(12)[:, :3]  # around the origin, at a distance of 4.1
DEPTHS = np.full(12, 4.0)


def ball(n=500, radius=1.0, seed=0):
    points = np.random.default_rng(seed).normal(size=(n, 3))
    return radius * points / np.linalg.norm(points, axis=1, keepdims=True)


def test_an_object_fills_the_core():
    found = around_points(POSES, ball(), DEPTHS, orient=False)
    reach = np.abs(found.points(ball())).max()
    assert 0.75 < reach < 0.85  # a margin for what has no texture
    assert np.abs(found.points([0.0, 0, 0])).max() < 0.02


def test_a_background_does_not_shrink_the_object():
    points = np.concatenate([ball(), ball(800, 60.0, 1)])
    found = around_points(POSES, points, DEPTHS, orient=False)
    assert found.scale == pytest.approx(0.5)  # half of the distance to what is seen is 2
    assert np.abs(found.points([0.0, 0, 0])).max() < 0.05


def test_a_few_points_at_infinity_do_not_count():
    points = np.concatenate([ball(), [[1e7, 0, 0], [0, -1e8, 0]]])
    assert around_points(POSES, points, DEPTHS).scale == pytest.approx(
        around_points(POSES, ball(), DEPTHS).scale, rel=0.02
    )


def test_cameras_that_look_outward_are_in_the_middle():
    out = POSES.copy()
    out[:, :, 0] *= -1
    out[:, :, 2] *= -1  # turned round
    out[:, :, 3] *= 0.1
    found = around_points(out, ball(900, 5.0) + [0, 0, 0.5], np.full(12, 5.0), orient=False)
    assert found.scale == pytest.approx(0.4)
    assert np.abs(found.points(out[:, :, 3])).max() < 0.5


def test_each_part_can_be_left_out():
    moved = around_points(POSES, ball() + 3, DEPTHS, orient=False, centre=True, scale=False)
    assert moved.scale == 1.0 and not np.allclose(moved.translation, 0)
    still = around_points(POSES, ball(), DEPTHS, orient=False, centre=False, scale=True)
    assert np.allclose(still.translation, 0) and still.scale != 1.0


def test_axes_of_the_cameras_instead_of_up():
    poses = POSES.copy()
    poses[:, 1, 3] *= 3  # of the ellipse that they stand on, the longer axis
    found = around_points(poses, ball(), DEPTHS, principal=True)
    spread = np.ptp(found.points(poses[:, :, 3]), axis=0)
    assert spread[0] > 2 * spread[1] > 2 * spread[2]
    np.testing.assert_allclose(found.rotation, orient_principal(poses).rotation)
    assert found.scale == pytest.approx(around_points(poses, ball(), DEPTHS).scale, rel=0.05)


def test_no_points_and_one_place():
    with pytest.raises(DataError, match="no points around which .*dataset.around to 'cameras'"):
        around_points(POSES, np.zeros((0, 3)), DEPTHS)
    with pytest.raises(DataError, match="say nothing of the scene's size"):
        around_points(POSES, np.zeros((9, 3)), DEPTHS)


def test_depths_are_medians():
    eyes = np.array([[0.0, 0, 0], [0, 0, 1]])
    seen = [np.array([[0.0, 0, 1], [0, 0, 3], [0, 0, 9]]), np.zeros((0, 3))]
    assert median_depths(seen, eyes).tolist() == [3, 3]
    with pytest.raises(DataError, match="no image of the model sees any"):
        median_depths([np.zeros((0, 3))], eyes[:1])
