"""Alignment of points and cameras by a similarity."""

import numpy as np
import pytest
from scenes import ring_poses

from jnerf.datasets.placement.alignment import align_points, pose_errors
from jnerf.datasets.placement.normalize import orient_up
from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import DataError


def some_similarity() -> Similarity:
    turned = orient_up(np.array([[[1, 0, 0, 0], [0, 0.6, -0.8, 0], [0, 0.8, 0.6, 0]]]))
    return Similarity(2.5, turned.rotation, (3.0, -1.0, 0.5))


def test_a_similarity_is_found_again():
    points = np.random.default_rng(0).normal(size=(40, 3))
    wanted = some_similarity()
    found = align_points(points, wanted.points(points))
    np.testing.assert_allclose(found.matrix(), wanted.matrix(), atol=1e-12)


def test_noise_is_fitted_by_least_squares():
    rng = np.random.default_rng(1)
    points, wanted = rng.normal(size=(200, 3)), some_similarity()
    noisy = wanted.points(points) + 0.1 * rng.normal(size=(200, 3))
    found = align_points(points, noisy)
    error = ((found.points(points) - noisy) ** 2).sum()
    for change in (1.01, 0.99):
        worse = Similarity(found.scale * change, found.rotation, found.translation)
        assert ((worse.points(points) - noisy) ** 2).sum() > error
    assert error < ((wanted.points(points) - noisy) ** 2).sum()


def test_mirrored_points_are_not_mirrored_back():
    points = np.random.default_rng(2).normal(size=(20, 3))
    found = align_points(points, points * [1, 1, -1])
    assert np.linalg.det(found.rotation) == pytest.approx(1)


def test_what_leaves_a_turn_open():
    line = np.outer(np.arange(5.0), [1, 2, 3])
    with pytest.raises(DataError, match="lie on one line"):
        align_points(line, line)
    with pytest.raises(DataError, match="three pairs of points or more"):
        align_points(np.eye(3)[:2], np.eye(3)[:2])


def test_errors_of_poses():
    truth = ring_poses(9)[:, :3]
    truth[:, 2, 3] += np.arange(9) % 3  # not all in one plane
    poses = some_similarity().poses(truth)
    exact = pose_errors(poses, truth)
    assert exact.degrees.max() < 1e-5 and exact.relative.max() < 1e-9
    angle = np.radians(0.3)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    poses[4, :, :3] = poses[4, :, :3] @ turn
    found = pose_errors(poses, truth)
    assert found.degrees[4] == pytest.approx(0.3, rel=1e-6) and found.degrees[:4].max() < 1e-5
