"""Lenses against OpenCV's own functions, both ways."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jnerf.datasets.cameras.lenses import FisheyeLens, OpenCVLens, RationalLens

# Many more steps than OpenCV's default of five, which leaves errors of whole pixels.
UNTIL_EXACT = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 500, 1e-14)

bound = st.floats(-1, 1, allow_subnormal=False)


def image_points(reach: float, n: int = 500) -> np.ndarray:
    return np.random.default_rng(0).uniform(-reach, reach, (n, 2)) * [1, 0.6]


def undistort_points(points, matrix, order):
    """OpenCV's inverse, which only ``undistortPointsIter`` repeats until exact in version 4; 5 has but one function."""
    undistort = getattr(cv2, "undistortPointsIter", cv2.undistortPoints)
    return undistort(points, matrix, order, R=None, P=None, criteria=UNTIL_EXACT)


def undistorted(lens, points):
    """The pinhole's plane points of image points, as OpenCV gives them."""
    x, y, z = lens.directions(points, np.zeros(len(points), int)).T
    return np.stack([x / -z, y / z], axis=1)


def distorted(lens, points):
    plane, seen = lens.plane(np.column_stack([points * [1, -1], -np.ones(len(points))]), 0)
    assert seen.all()
    return plane


@settings(max_examples=50, deadline=None)
@given(st.tuples(*[bound] * 5))
def test_brown(factors):
    k1, k2, k3, p1, p2 = np.multiply(factors, [0.2, 0.1, 0.05, 0.005, 0.005])
    lens = OpenCVLens([[k1, k2, k3, 0, p1, p2]])
    order = np.array([k1, k2, p1, p2, k3])
    points = image_points(0.5)
    expected = undistort_points(points[:, None], np.eye(3), order)
    np.testing.assert_allclose(undistorted(lens, points), expected[:, 0], atol=1e-7)
    rays = np.column_stack([points, np.ones(len(points))])
    expected = cv2.projectPoints(rays, np.zeros(3), np.zeros(3), np.eye(3), order)[0][:, 0]
    np.testing.assert_allclose(distorted(lens, points), expected, atol=1e-12)


@pytest.mark.parametrize(
    "row", [[0.3, 0.1, 0.02, 0.28, 0.1, 0.01, 1e-3, -5e-4], [8, 4, 0.2, 8.4, 6.7, 1.1, 0, 0]]
)
def test_rational(row):
    lens = RationalLens([row])
    k1, k2, k3, k4, k5, k6, p1, p2 = row
    order = np.array([k1, k2, p1, p2, k3, k4, k5, k6], float)
    points = image_points(0.6)
    expected = undistort_points(points[:, None], np.eye(3), order)
    np.testing.assert_allclose(undistorted(lens, points), expected[:, 0], atol=1e-7)
    rays = np.column_stack([points, np.ones(len(points))])
    expected = cv2.projectPoints(rays, np.zeros(3), np.zeros(3), np.eye(3), order)[0][:, 0]
    np.testing.assert_allclose(distorted(lens, points), expected, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.tuples(*[bound] * 4))
def test_fisheye(factors):
    row = np.multiply(factors, [0.1, 0.05, 0.02, 0.01])
    lens = FisheyeLens([row])
    points = image_points(0.7)
    expected = cv2.fisheye.undistortPoints(
        points[:, None], np.eye(3), row, None, None, None, UNTIL_EXACT
    )
    np.testing.assert_allclose(undistorted(lens, points), expected[:, 0], atol=1e-7)
    expected = cv2.fisheye.distortPoints(points[:, None], np.eye(3), row)
    np.testing.assert_allclose(distorted(lens, points), expected[:, 0], atol=1e-12)


def test_a_real_phone():
    """The lens of instant-ngp's fox, at its corners, where distortion is largest."""
    k1, k2, p1, p2 = 0.0578421, -0.0805099, -0.000980296, 0.00015575
    matrix = np.array([[1375.52, 0, 554.558], [0, 1374.49, 965.268], [0, 0, 1]])
    pixels = np.array([[0.5, 0.5], [1079.5, 0.5], [0.5, 1919.5], [1079.5, 1919.5], [700.5, 300.5]])
    order = np.array([k1, k2, p1, p2])
    expected = undistort_points(pixels[:, None], matrix, order)
    plane = (pixels - matrix[:2, 2]) / [matrix[0, 0], matrix[1, 1]]
    lens = OpenCVLens([[k1, k2, 0, 0, p1, p2]])
    np.testing.assert_allclose(undistorted(lens, plane), expected[:, 0], atol=1e-9)
