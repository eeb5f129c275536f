"""Every lens: there and back again, its reach, and what is said of one that cannot be undone."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scenes import ring_poses

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.lenses import (
    EquirectangularLens,
    FisheyeLens,
    LensModel,
    MixedLens,
    OpenCVLens,
    Pinhole,
    RationalLens,
    lens_of,
)
from jnerf.datasets.cameras.lenses.inversion import solve_increasing
from jnerf.datasets.cameras.lenses.polynomials import fold
from jnerf.errors import DataError

WIDTH, HEIGHT = 1920, 1080


def photographs(lens: LensModel, focal: float, n: int = 1) -> Cameras:
    """Cameras of two megapixels whose principal point is off the middle."""
    intrinsics = np.tile([focal, 1.02 * focal, 950.3, 551.8], (n, 1))
    return Cameras(ring_poses(n)[:, :3], intrinsics, np.tile([WIDTH, HEIGHT], (n, 1)), lens)


def small(bound: float) -> st.SearchStrategy[float]:
    """Without subnormals: Jittor's own kernels switch them off for the process, which hypothesis would refuse."""
    return st.floats(-bound, bound, allow_subnormal=False)


def rows(*bounds: float) -> st.SearchStrategy[tuple[float, ...]]:
    return st.tuples(*map(small, bounds))


pixels = st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))


def assert_round_trip(cameras: Cameras, x, y, i: int = 0) -> None:
    """Pixels become rays and come back within a thousandth of a pixel, whatever their distance."""
    rays_d = cameras.generate_rays(np.full(len(x), i), x, y)[1].astype(np.float64)
    # In float64 and around the origin: points in float32 world units alone would be off by more.
    local = rays_d @ cameras.c2w[i, :, :3].astype(np.float64)
    plane, seen = cameras.lens.plane(3.7 * local, i)
    found = plane * cameras.intrinsics[i, :2] + cameras.intrinsics[i, 2:]
    assert seen.all()
    np.testing.assert_allclose(found, np.stack([x, y], axis=1) + 0.5, atol=1e-3, rtol=0)


def grid(width: int = WIDTH, height: int = HEIGHT):
    y, x = np.mgrid[0 : height - 1 : 40j, 0 : width - 1 : 40j].round().astype(int).reshape(2, -1)
    return x, y


def cameras_or_reject(lens: LensModel, focal: float) -> Cameras:
    """Coefficients drawn at random need not make a lens that can be inverted."""
    try:
        return photographs(lens, focal)
    except DataError as error:
        assert "cannot be inverted" in str(error)  # noqa: PT017
        assume(False)
        raise


@settings(max_examples=100, deadline=None)
@given(rows(0.3, 0.2, 0.1, 0.05, 0.01, 0.01), st.floats(700, 3000), pixels)
def test_opencv_round_trip(row, focal, pixel):
    cameras = cameras_or_reject(OpenCVLens([row]), focal)
    assert_round_trip(cameras, *np.transpose([pixel]))


@settings(max_examples=100, deadline=None)
@given(rows(0.5, 0.2, 0.1, 0.5, 0.2, 0.1, 0.01, 0.01), st.floats(700, 3000), pixels)
def test_rational_round_trip(row, focal, pixel):
    cameras = cameras_or_reject(RationalLens([row]), focal)
    assert_round_trip(cameras, *np.transpose([pixel]))


@settings(max_examples=100, deadline=None)
@given(rows(0.1, 0.05, 0.02, 0.01), st.floats(500, 3000), pixels)
def test_fisheye_round_trip(row, focal, pixel):
    cameras = cameras_or_reject(FisheyeLens([row]), focal)
    assert_round_trip(cameras, *np.transpose([pixel]))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 4095), st.integers(0, 2047))
def test_equirectangular_round_trip(x, y):
    lens = EquirectangularLens()
    cameras = Cameras(
        ring_poses(1)[:, :3], [lens.intrinsics(4096, 2048)], [[4096, 2048]], lens=lens
    )
    # Float32 cannot hold a longitude right beside a pole to a thousandth of a pixel.
    assume(20 < y < 2028)
    assert_round_trip(cameras, np.array([x]), np.array([y]))


@pytest.mark.parametrize(
    ("lens", "focal"),
    [
        (Pinhole(), 1000),
        (OpenCVLens([[0.0578, -0.0805, 0, 0, -0.00098, 0.000156]]), 1375),
        (OpenCVLens([[-0.28, 0.09, -0.01, 0, 1e-3, -2e-3]]), 1100),
        (OpenCVLens([[0.4, 0.2, 0.1, 0.05, 0, 0]]), 800),
        (RationalLens([[8.1, 4.2, 0.2, 8.4, 6.7, 1.1, 1e-4, -2e-5]]), 900),
        (FisheyeLens([[0.05, -0.01, 0.003, -0.0005]]), 650),
        (FisheyeLens([[0, 0, 0, 0]]), 360),  # corners at 176 degrees from the axis
    ],
    ids=["pinhole", "phone", "barrel", "pincushion", "rational", "fisheye", "whole sphere"],
)
def test_whole_image_round_trip(lens, focal):
    assert_round_trip(photographs(lens, focal), *grid())


def test_zero_coefficients_are_a_pinhole():
    points = np.random.default_rng(0).normal(size=(100, 2))
    index = np.zeros(100, int)
    expected = Pinhole().directions(points, index)
    for lens in (OpenCVLens(np.zeros((1, 6))), RationalLens(np.zeros((1, 8)))):
        np.testing.assert_allclose(lens.directions(points, index), expected, rtol=1e-12)


def test_fisheye_angle_is_the_radius():
    """Without coefficients a point at radius 2 lies 2 radians from the axis: behind the camera."""
    lens = FisheyeLens([[0, 0, 0, 0]])
    found = lens.directions(np.array([[2.0, 0], [0, 0], [0, -1]]), np.zeros(3, int))
    expected = [[np.sin(2), 0, -np.cos(2)], [0, 0, -1], [0, np.sin(1), -np.cos(1)]]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_panorama_golden():
    """Middle, right quarter, bottom and left edge of an image of 8x4 pixels."""
    fx, fy, cx, cy = EquirectangularLens.intrinsics(8, 4)
    xy = np.array([[4, 2], [6, 2], [4, 4], [0, 2], [4, 1]], float)
    found = EquirectangularLens().directions((xy - [cx, cy]) / [fx, fy], np.zeros(5, int))
    half = np.sqrt(0.5)
    expected = [[0, 0, -1], [1, 0, 0], [0, -1, 0], [0, 0, 1], [0, half, -half]]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_points_a_lens_cannot_see():
    sideways = np.array([[1.0, 0, 0], [0, 0, 1], [0, 0, 0], [1, 1, 0.5]])
    for lens in (OpenCVLens([[0.1, 0, 0, 0, 0, 0]]), RationalLens([[0.1] * 6 + [0] * 2])):
        plane, seen = lens.plane(sideways, 0)
        assert not seen.any() and np.isfinite(plane).all()
    # Beyond the fold at radius 1 the image would come back towards the middle.
    folding = OpenCVLens([[-1 / 3, 0, 0, 0, 0, 0]])
    assert folding.plane(np.array([[0.99, 0, -1], [1.01, 0, -1]]), 0)[1].tolist() == [True, False]
    plane, seen = FisheyeLens([[0, 0, 0, 0]]).plane(np.array([[0.0, 0, 1], [0, 1e-3, 1]]), 0)
    assert seen.tolist() == [False, True] and np.isfinite(plane).all()


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        ([0.0, 0.0], (), np.inf),
        ([0.5, 1.0], (), np.inf),
        ([-1 / 3], (), 1.0),
        ([-1 / 3, 1e-300], (), 1.0),  # must not divide by its leading coefficient
        ([0.0], [-0.25], 2.0),  # a pole
        ([0.0], [1.0], 1.0),  # r / (1 + r^2) has its maximum at 1
    ],
)
def test_fold(numerator, denominator, expected):
    np.testing.assert_allclose(fold(numerator, denominator), expected, rtol=1e-9)


@settings(max_examples=100, deadline=None)
@given(rows(2.0, 2.0, 2.0, 2.0), rows(2.0, 2.0, 2.0))
def test_radius_increases_up_to_the_fold(above, below):
    end = min(fold(above, below), 3.0)
    s = (np.linspace(0, 0.999, 400) * end) ** 2
    radius = np.sqrt(s) * np.polyval([*above[::-1], 1], s) / np.polyval([*below[::-1], 1], s)
    assert (np.diff(radius) > -1e-9).all()


@pytest.mark.parametrize("several", [False, True])
def test_what_newton_does_not_reach_is_bisected(several):
    """x^9 from afar: each step takes off a ninth. And 2e9 is more than 10^9, where the range ends."""
    target, upper, power = np.array([50.0, 1.0, 0.0, 2e9]), 10.0, 9.0
    if several:
        upper, power = np.full(4, upper), np.full(4, power)
    found = solve_increasing(lambda x, p: (x**p, p * x ** (p - 1)), target, upper, [power])
    np.testing.assert_allclose(found, [50 ** (1 / 9), 1, 0, 10], atol=1e-9)


def test_every_camera_has_its_own_coefficients():
    table = np.array([[-0.1, 0, 0, 0, 0, 0], [0.2, 0.1, 0, 0, 0, 0], [-0.1, 0, 0, 0, 0, 0]])
    lens = OpenCVLens(table)
    assert lens.key(0) == lens.key(2) != lens.key(1)
    plane = np.random.default_rng(1).uniform(-0.5, 0.5, (9, 2))
    indices = np.arange(9) % 3
    found = lens.directions(plane, indices)
    for i in range(3):
        alone = OpenCVLens(table[i : i + 1]).directions(plane[indices == i], np.zeros(3, int))
        np.testing.assert_allclose(found[indices == i], alone, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [0, 1, 10_000])
def test_shapes_and_types(dtype, n):
    lens = MixedLens([OpenCVLens(np.full((2, 6), 0.01)), FisheyeLens(np.zeros((2, 4)))], [0, 1])
    plane = np.random.default_rng(n).uniform(-0.5, 0.5, (n, 2)).astype(dtype)
    found = lens.directions(plane, np.arange(n) % 2)
    assert found.shape == (n, 3) and found.dtype == dtype


@pytest.mark.parametrize(
    ("lens", "focal"),
    [
        (OpenCVLens([[-0.2, 0.05, 0, 0, 1e-3, 0]]), 900),
        (OpenCVLens([[0.3, 0, 0, 0, 0, 1e-3]]), 900),
        (FisheyeLens([[0, 0, 0, 0]]), 800),
    ],
)
def test_pinholes_see_at_least_as_much(lens, focal):
    cameras = photographs(lens, focal, 1)
    pinholes = cameras.pinholes()
    assert type(pinholes.lens) is Pinhole and (pinholes.sizes == cameras.sizes).all()
    x, y = grid()
    rays_o, rays_d = cameras.generate_rays(np.zeros(len(x), int), x, y)
    found = pinholes.project(rays_o + rays_d, 0)
    assert found.visible.all()
    # And no more than they need: the image's borders are reached.
    assert found.xy.min() < 5 and (found.xy.max(axis=0) > [WIDTH - 5, HEIGHT - 5]).all()


def test_pinholes_of_what_is_no_pinhole():
    plain = photographs(Pinhole(), 900)
    assert plain.pinholes() is plain
    assert photographs(FisheyeLens([[0, 0, 0, 0]]), 500).pinholes() is None
    lens = EquirectangularLens()
    panorama = Cameras(ring_poses(1)[:, :3], [lens.intrinsics(64, 32)], [[64, 32]], lens)
    assert panorama.pinholes() is None


def test_mixed_scene():
    """A pinhole, a phone and a panorama side by side; each camera keeps its own."""
    lens = lens_of(
        ["pinhole", "opencv", "equirectangular", "opencv"], [(), (0.1, -0.05), (), (0.0, 0.0)]
    )
    assert [type(kind) for kind in lens.lenses] == [Pinhole, OpenCVLens, EquirectangularLens]
    assert lens.which.tolist() == [0, 1, 2, 0]
    focal = [1000, 1000, 950.3, 551.8]
    intrinsics = [focal, focal, lens.lenses[2].intrinsics(WIDTH, HEIGHT), focal]
    cameras = Cameras(ring_poses(4)[:, :3], intrinsics, np.tile([WIDTH, HEIGHT], (4, 1)), lens)
    for i in range(4):
        x, y = grid()
        inner = (y > 20) & (y < HEIGHT - 20)
        assert_round_trip(cameras, x[inner], y[inner], i)
    np.testing.assert_allclose(
        cameras.local_directions(np.zeros(5, int), *np.arange(10).reshape(2, 5)),
        cameras.local_directions(np.full(5, 3), *np.arange(10).reshape(2, 5)),
    )


def test_the_simplest_lens_that_does():
    assert type(lens_of(["opencv", "rational", "pinhole"], [(0, 0), (), ()])) is Pinhole
    assert type(lens_of(["fisheye"], [()])) is FisheyeLens
    lens = lens_of(["opencv"] * 2, [(0.1,), (0.1, 0.2, 0, 0, 0.001, 0)])
    assert lens.coefficients.values.tolist() == [[0.1] + [0] * 5, [0.1, 0.2, 0, 0, 0.001, 0]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OpenCVLens(np.zeros((2, 5))), r"must be \[N, 6\] = k1 k2 k3 k4 p1 p2 .* \[2, 5\]"),
        (lambda: OpenCVLens(np.zeros((0, 6))), r"of N >= 1 cameras, got \[0, 6\]"),
        (lambda: FisheyeLens([[0] * 4, [0, np.nan, 0, 0]]), "camera 1: k1 = 0, k2 = nan.* finite"),
        (lambda: MixedLens([Pinhole()], [0, 1]), r"one of 1 lenses, 0 .. 0, .* got \[0, 1\]"),
        (lambda: lens_of(["fov"], [(1,)]), "unknown kind of lens 'fov': choose from pinhole"),
        (lambda: lens_of(["fisheye"], [(1,) * 5]), "camera 0: .* 'fisheye' takes k1 k2 k3 k4, got"),
        (lambda: photographs(OpenCVLens(np.full((2, 6), 0.01)), 900, 3), "of 2 cameras, .* are 3"),
    ],
)
def test_unusable_coefficients(make, message):
    with pytest.raises(DataError, match=message):
        make()


@pytest.mark.parametrize(
    ("lens", "focal", "message"),
    [
        (OpenCVLens([[-0.5, 0, 0, 0, 0, 0]]), 900, "OpenCVLens with k1 = -0.5, k2 = 0.* cannot be"),
        (OpenCVLens([[0, 0, 0, 0, 0.5, 0]]), 900, "p1 = 0.5.* cannot be inverted in .* % of the"),
        (RationalLens([[0, 0, 0, 0.9, 0, 0, 0, 0]]), 500, "k4 = 0.9.* of 1920x1080 pixels"),
        (FisheyeLens([[-0.2, 0, 0, 0]]), 500, "FisheyeLens .* Check that coefficients, focal"),
        (FisheyeLens([[0, 0, 0, 0]]), 300, "two directions fall on one pixel, or none does"),
        (EquirectangularLens(), 300, "panorama .* cannot be inverted"),
    ],
)
def test_lens_that_cannot_be_inverted_inside_the_image(lens, focal, message):
    with pytest.raises(DataError, match=f"^camera 0: .*{message}"):
        photographs(lens, focal)
