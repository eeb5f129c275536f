"""The field's box, what is fitted into it, and cameras that are too far off."""

import numpy as np
import pytest

from jnerf.datasets.placement.box import check_reach, cube, into_cube
from jnerf.errors import DataError


def test_points_just_fit_the_cube():
    points = np.random.default_rng(0).normal(size=(50, 3)) * [3, 1, 2] + [5, -7, 1]
    found = into_cube(points, 2.0).points(points)
    low, high = found.min(axis=0), found.max(axis=0)
    np.testing.assert_allclose(low + high, 1, atol=1e-12)  # each axis centred
    np.testing.assert_allclose((high - low).max(), 2)


def test_a_given_centre_becomes_the_middle():
    points = np.array([[1.0, 0, 0], [-2.0, 0, 0], [0, 1.5, 0]])
    placed = into_cube(points, 1.0, centre=(0, 0, 0))
    np.testing.assert_allclose(placed.points([[0.0, 0, 0]]), [[0.5, 0.5, 0.5]])
    np.testing.assert_allclose(placed.scale, 0.25)  # the farthest, at 2, reaches the wall


def test_cameras_must_reach_the_box():
    eyes = np.float32([[0.5, 0.5, 0.5], [0.5, 0.5, 3.0], [-1.0, 0.5, 0.5]])
    check_reach(["a", "b", "c"], eyes, cube(1.0), 2.1)
    with pytest.raises(DataError, match="b: the camera stands 2 field units .* far=1.5"):
        check_reach(["a", "b", "c"], eyes, cube(1.0), 1.5)
