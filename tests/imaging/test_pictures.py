"""Pictures of arrays that hold anything."""

import numpy as np

from jnerf.imaging.pictures import depth_picture, normal_picture, to_uint8


def test_pictures_survive_nan_and_empty_views():
    nan = np.full((4, 4), np.nan, np.float32)
    assert to_uint8(nan).max() == 0
    assert depth_picture(nan, np.zeros((4, 4)), 0.0, 0.0).max() == 0


def test_normals_are_colours_as_bright_as_they_are_long():
    normals = np.float32([[[0, 0, 1], [0.5, 0, 0], [0, 0, 0], [-3, 0, 0]]])
    expected = [[128, 128, 255], [128, 64, 64], [0, 0, 0], [0, 128, 128]]
    assert normal_picture(normals)[0].tolist() == expected
