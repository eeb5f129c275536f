"""Normalised device coordinates as a field of straight rays."""

import jittor as jt
import numpy as np
import pytest
from captures import facing_poses
from fields import FunctionField
from hypothesis import given, settings
from hypothesis import strategies as st

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.ndc import NDCCameras, NDCSpace, fit_ndc
from jnerf.datasets.cameras.spiral import spiral_poses
from jnerf.errors import DataError
from jnerf.samplers.uniform import UniformSampler
from jnerf.structures import RayBundle

WIDTH, HEIGHT, FOCAL = 40, 30, 35.0
SPACE = NDCSpace(1.2, (-0.7, -0.6), (0.8, 0.5))

# Without subnormals: Jittor's own kernels switch them off for the process, which hypothesis would refuse.
across, slopes, along = (
    st.floats(low, high, allow_subnormal=False) for low, high in ((-2, 2), (-1, 1), (-0.9, 2))
)


def cameras(kind=Cameras, n=5, **options):
    """Around the origin of the shared frame, looking along -z."""
    poses = facing_poses(n, distance=0.0)[:, :3]
    intrinsics = np.tile([FOCAL, FOCAL, 19.0, 16.0], (n, 1))
    return kind(poses, intrinsics, np.tile([WIDTH, HEIGHT], (n, 1)), **options)


def ndc_cameras(n=5):
    return cameras(NDCCameras, n, space=fit_ndc(cameras(n=n)))


def test_points_follow_appendix_c():
    """The box from -1 to 1 on all axes, with NeRF's own formula, as the unit box."""
    width, height, focal, near = 504.0, 378.0, 407.0, 1.0
    space = NDCSpace(
        near,
        (-width / (2 * focal), -height / (2 * focal)),
        (width / (2 * focal), height / (2 * focal)),
    )
    x, y, z = points = np.array([[0.3, -0.2, -1.0], [1.0, 2.0, -5.0], [-3.0, 4.0, -1e6]]).T
    ndc = np.stack(
        [-focal / (width / 2) * x / z, -focal / (height / 2) * y / z, 1 + 2 * near / z], axis=1
    )
    np.testing.assert_allclose(space.points(points.T), (ndc + 1) / 2)


@settings(deadline=None)
@given(across, across, along, slopes, slopes, st.floats(0, 50, allow_subnormal=False))
def test_straight_rays_stay_straight(x, y, z, a, b, t):
    """Every point of a ray beyond the near plane lies on its ray in the field, in order."""
    o, d = np.array([[x, y, z]]), np.array([[a, b, -1.0]])
    start, end = SPACE.ends(o, d)
    points = o + (max(0.0, z + SPACE.near) + t) * d
    found = SPACE.points(points)
    direction = (end - start) / np.linalg.norm(end - start)
    on_ray = start + ((found - start) @ direction.T) * direction
    np.testing.assert_allclose(found, on_ray, atol=1e-9)
    assert end[0, 2] == 1 and -1e-9 <= start[0, 2] <= found[0, 2] + 1e-9 <= 1 + 1e-9
    np.testing.assert_allclose(SPACE.unproject(found), points, rtol=1e-6, atol=1e-6)


def test_rays_on_the_device_equal_those_in_numpy(device):
    camera = ndc_cameras()
    rng = np.random.default_rng(0)
    pixels = [rng.integers(0, n, 500).astype(np.int32) for n in (5, WIDTH, HEIGHT)]
    rays_o, rays_d = camera.generate_rays(*pixels)
    assert rays_o.dtype == rays_d.dtype == np.float32
    found_o, found_d = camera.rays(*pixels)
    np.testing.assert_allclose(found_o.numpy(), rays_o, atol=2e-6)
    np.testing.assert_allclose(found_d.numpy(), rays_d, atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(found_d.numpy(), axis=1), 1, atol=1e-6)
    assert found_o.is_stop_grad() and found_d.is_stop_grad()


def test_no_rays():
    nothing = np.zeros(0, np.int32)
    for rays in (ndc_cameras().generate_rays, ndc_cameras().rays):
        assert [list(part.shape) for part in rays(nothing, nothing, nothing)] == [[0, 3]] * 2


def test_the_unit_box_just_holds_what_all_cameras_see():
    plain, space = cameras(), fit_ndc(cameras())
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].reshape(2, -1)
    for i in range(5):
        ends = np.stack(space.ends(*plain.generate_rays(np.full(x.shape, i), x, y)))
        assert ends.min() > -1e-5 and ends.max() < 1 + 1e-5
    assert np.ptp(space.high) > 0 and np.subtract(space.high, space.low).min() > 0.8
    # Tight: half a pixel more to every side would not fit.
    wide = cameras()
    wide.sizes.flags.writeable = True
    wide.sizes[:] += 1
    assert (np.array(fit_ndc(wide).high) > space.high)[0]


def test_projection_inverts_ray_generation():
    camera = ndc_cameras()
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, WIDTH, 50), rng.integers(0, HEIGHT, 50)
    rays_o, rays_d = camera.generate_rays(np.full(50, 2), x, y)
    found = camera.project(rays_o + 0.6 * rays_d, 2)
    assert found.visible.all()
    np.testing.assert_allclose(found.xy, np.stack([x, y], axis=1) + 0.5, atol=2e-3)


def test_a_camera_before_the_near_plane_starts_its_rays_itself():
    eye, d = np.array([[0.0, 0.0, -3.0]]), np.array([[0.2, 0.0, -1.0]])
    start, _ = SPACE.ends(eye, d)
    np.testing.assert_allclose(start, SPACE.points(eye))


def test_samplers_need_know_nothing():
    """Equal steps in the field, from the near plane to infinity, are equal steps in 1 / depth."""
    camera = ndc_cameras()
    rays_o, rays_d = camera.rays(*(np.array([v], np.int32) for v in (2, 19, 15)))
    sampler = UniformSampler(8, aabb=(0, 0, 0, 1, 1, 1), near=0.0, far=3**0.5)
    samples = sampler(RayBundle(rays_o, rays_d), FunctionField(lambda x: jt.ones(x.shape[0])), None)
    inverse = -1 / camera.space.unproject(samples.positions.numpy())[:, 2]
    np.testing.assert_allclose(inverse, 1 - (np.arange(8) + 0.5) / 8, atol=1e-5)


def test_the_flight_looks_at_the_scene():
    seen = ndc_cameras()
    poses = spiral_poses(seen.c2w, 5.0, 12)
    intrinsics, sizes = np.tile([12.0, 12.0, 8.0, 5.0], (12, 1)), np.tile([16, 10], (12, 1))
    path = NDCCameras(poses, intrinsics, sizes, space=seen.space)
    assert len(path) == 12 and path.sizes.tolist() == [[16, 10]] * 12
    focus = path.space.points([[0.0, 0.0, -5.0]])
    for i in range(12):
        np.testing.assert_allclose(path.project(focus, i).xy, [[8, 5]], atol=1e-3)
    assert np.ptp(path.c2w[:, 0, 3]) > 0.3
    rays_o, _ = path.generate_rays(np.arange(12), np.full(12, 8), np.full(12, 5))
    assert rays_o.min() > -1e-6 and rays_o.max() < 1


def test_captures_that_do_not_face_forward():
    turned = cameras().c2w.copy()
    c, s = np.cos(1.2), np.sin(1.2)
    turned[3, :, :3] = [[c, 0, s], [0, 1, 0], [-s, 0, c]]
    plain = cameras()
    broken = Cameras(turned, plain.intrinsics, plain.sizes, names=list("abcde"))
    with pytest.raises(DataError, match=r"^d: a corner .* 9\d degrees .* 'spherify' or 'bounded'"):
        fit_ndc(broken)
