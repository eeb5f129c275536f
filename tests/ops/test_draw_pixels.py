"""Pixels of training rays: reference against kernel, and that none lies outside."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.draw_pixels import draw_pixels, reference

WINDOWS = np.int32([[0, 0, 800, 600], [7, 9, 1, 1], [100, 0, 3, 4000]])
DRAWS = 0xDA7A0000, 0xDA7A0001


@pytest.mark.parametrize("n, shift, step", [(1, 0, 0), (5000, 2, 7), (300_001, 1, 34_999)])
def test_matches_the_reference(device, n, shift, step):
    found = draw_pixels(n, jt.array(WINDOWS), shift, 1337, step, DRAWS)
    expected = reference.draw_pixels(n, WINDOWS, shift, 1337, step, DRAWS)
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.numpy(), two)


def test_every_pixel_is_inside_and_every_part_is_hit(device):
    image, x, y = (v.numpy() for v in draw_pixels(90_000, jt.array(WINDOWS), 0, 3, 1, DRAWS))
    for i, (first_x, first_y, width, height) in enumerate(WINDOWS):
        mine = image == i
        assert mine.sum() == 30_000
        column, row = x[mine] - first_x, y[mine] - first_y
        assert column.min() >= 0 and column.max() < width and row.min() >= 0 and row.max() < height
        for part, size in ((column, width), (row, height)):
            shares = np.histogram(part, min(size, 4), (0, size))[0] / 30_000
            np.testing.assert_allclose(shares, 1 / min(size, 4), atol=0.15)


def test_no_ray(device):
    assert [len(v) for v in draw_pixels(0, jt.array(WINDOWS), 0, 0, 0, DRAWS)] == [0, 0, 0]


def test_same_bits_for_any_number_of_threads():
    windows = jt.array(WINDOWS)

    def run():
        return [v.numpy() for v in draw_pixels(10_000, windows, 1, 2, 3, DRAWS)]

    np.testing.assert_array_equal(with_threads(1, run), with_threads(2, run))
