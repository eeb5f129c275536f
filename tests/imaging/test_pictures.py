"""Pictures of arrays that hold anything."""

import numpy as np
import pytest

from jnerf.imaging.pictures import depth_picture, nearness, normal_picture, to_uint8


def test_pictures_survive_nan_and_empty_views():
    nan = np.full((4, 4), np.nan, np.float32)
    assert to_uint8(nan).max() == 0
    assert depth_picture(nan, np.zeros((4, 4)), 0.0, 0.0).max() == 0


def test_normals_are_colours_as_bright_as_they_are_long():
    normals = np.float32([[[0, 0, 1], [0.5, 0, 0], [0, 0, 0], [-3, 0, 0]]])
    expected = [[128, 128, 255], [128, 64, 64], [0, 0, 0], [0, 128, 128]]
    assert normal_picture(normals)[0].tolist() == expected


def test_depths_that_reach_far_are_shown_by_their_inverse():
    depths = np.float32([[1, 2, 4, 1000, 2000]])
    deep, even = nearness(depths, 1.0, 1000.0), nearness(depths, 1.0, 1000.0, even=True)
    np.testing.assert_allclose(deep[0, :4], [1, 0.5, 0.25, 0], atol=1e-3)
    assert deep[0, 4] < 0 and even[0, 2] > 0.99
    for near, far in ((1.0, 3.0), (0.0, 1000.0), (-1.0, 1000.0)):  # not deep, or nothing to divide by
        line = nearness(depths, near, far)
        np.testing.assert_allclose(line, 1 - (depths - near) / (far - near), rtol=1e-5)
    assert np.isfinite(nearness(np.float32([0]), 1.0, 1000.0)).all()
    pictures = [depth_picture(depths, np.ones((1, 5)), 1.0, 1000.0, even) for even in (False, True)]
    steps = [np.abs(np.diff(picture.astype(int), axis=1)).sum() for picture in pictures]
    assert steps[0] > 2 * steps[1]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_what_is_no_number_and_what_is_beyond(dtype):
    values = np.array([np.nan, np.inf, -np.inf, -0.1, 1.1, 0.0, 1.0, 0.5], dtype)
    assert to_uint8(values).tolist() == [0, 255, 0, 0, 255, 0, 255, 128]
    assert to_uint8(values.reshape(2, 2, 2)[::-1]).shape == (2, 2, 2)
