"""Lenses that leave corners without a direction, and images whose corners show nothing."""

import numpy as np
import pytest
from scenes import ring_poses

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.image_circle import ImageCircle
from jnerf.datasets.cameras.lenses import FisheyeLens, MixedLens, OpenCVLens, Pinhole
from jnerf.errors import DataError

SIZE = 64
# r = a - 0.1 a^3 turns back at an angle of 1.83 and a radius of 1.22, or 25 pixels: inside the image's corners.
FOCAL = 20.5
FISHEYE = FisheyeLens([[-0.1, 0, 0, 0]] * 2)
# r = x - 0.3 x^3 turns back at a radius of 0.70, or 28 pixels of focal length 40.
BARREL = OpenCVLens([[-0.3, 0, 0, 0, 0, 0]] * 2)
CASES = [
    (FISHEYE, FOCAL, 24),
    (BARREL, 40.0, 27),
    (MixedLens([FISHEYE, Pinhole()], [0, 1]), FOCAL, 24),
]


def cameras(lens, focal, size=SIZE, **arguments):
    half = size / 2
    intrinsics = np.tile([focal * size / SIZE] * 2 + [half, half], (2, 1))
    poses = ring_poses(2)[:, :3]
    return Cameras(poses, intrinsics, np.tile([size, size], (2, 1)), lens, **arguments)


@pytest.mark.parametrize(("lens", "focal", "radius"), CASES)
def test_pixels_outside_need_no_direction(lens, focal, radius):
    with pytest.raises(DataError, match="camera 0: .* cannot be inverted .*fisheye_crop_radius"):
        cameras(lens, focal)
    circle = ImageCircle(SIZE / 2, SIZE / 2, radius)
    inside = circle.keep(SIZE, SIZE)
    by_circle = cameras(lens, focal, circles=[circle] * 2)
    by_mask = cameras(lens, focal, masked=lambda i: inside)
    for found in (by_circle, by_mask):
        np.testing.assert_array_equal(found.shown(0), inside)
        y, x = np.nonzero(inside)
        rays_o, rays_d = found.generate_rays(np.zeros(len(x), int), x, y)
        back = found.project(rays_o + 2 * rays_d, 0)
        assert back.visible.all()
        np.testing.assert_allclose(back.xy, np.stack([x, y], axis=1) + 0.5, atol=2e-3)
        y, x = np.mgrid[0:SIZE, 0:SIZE].reshape(2, -1)
        assert np.isfinite(found.generate_rays(np.zeros(len(x), int), x, y)[1]).all()


@pytest.mark.parametrize(("lens", "focal", "radius"), CASES)
@pytest.mark.parametrize("size", [SIZE, 10 * SIZE])
def test_a_single_pixel_too_many(lens, focal, radius, size):
    """Every image's own mask counts, also if another image with the same lens has a good one."""
    good = ImageCircle(size / 2, size / 2, radius * size / SIZE).keep(size, size)
    bad = good.copy()
    bad[:20, :20] = True
    with pytest.raises(DataError, match=r"camera 0: .* in [\d.]+ % of .*first at pixel"):
        cameras(lens, focal, size, masked=lambda i: bad)
    if not isinstance(lens, MixedLens):
        with pytest.raises(DataError, match="camera 1: .* cannot be inverted"):
            cameras(lens, focal, size, masked=[good, bad].__getitem__)
        with pytest.raises(DataError, match="camera 1: .* cannot be inverted"):
            cameras(lens, focal, size, masked=[good, None].__getitem__)


def test_masks_are_not_asked_where_the_lens_sees_all():
    def fail(i):
        raise AssertionError

    healthy = cameras(FisheyeLens([[0.1, 0, 0, 0]] * 2), FOCAL, masked=fail)
    assert healthy.shown(0) is None
    circle = ImageCircle(SIZE / 2, SIZE / 2, 20)
    cut = cameras(Pinhole(), FOCAL, circles=[circle, None], masked=fail)
    assert cut.shown(0).sum() == circle.keep(SIZE, SIZE).sum() and cut.shown(1) is None


def test_circle_and_mask_both_leave_out():
    circle, left = ImageCircle(SIZE / 2, SIZE / 2, 24), np.zeros((SIZE, SIZE), bool)
    left[:, :32] = True
    found = cameras(FISHEYE, FOCAL, circles=[circle] * 2, masked=lambda i: left)
    np.testing.assert_array_equal(found.shown(1), circle.keep(SIZE, SIZE) & left)
