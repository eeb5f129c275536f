"""Pixels to rays and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import ring_poses

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.lenses import LensModel
from jnerf.errors import DataError

WIDTH, HEIGHT = 40, 30


def ring_cameras(n: int = 5, **options) -> Cameras:
    intrinsics = np.tile([35.0, 33.0, 19.0, 16.0], (n, 1))
    sizes = np.tile([WIDTH, HEIGHT], (n, 1))
    return Cameras(ring_poses(n)[:, :3], intrinsics, sizes, **options)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 4), st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.floats(0.1, 50))
def test_projection_inverts_ray_generation(i, x, y, t):
    cameras = ring_cameras()
    rays_o, rays_d = cameras.generate_rays([i], [x], [y])
    assert rays_o.dtype == rays_d.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rays_d, axis=1), 1, atol=1e-6)
    found = cameras.project(rays_o + np.float32(t) * rays_d, i)
    assert found.visible.all()
    np.testing.assert_allclose(found.xy, [[x + 0.5, y + 0.5]], atol=2e-3)
    assert not cameras.project(rays_o - np.float32(t) * rays_d, i).visible.any()


def test_pixel_centres_golden():
    """Camera at the world's axes: a 2x2 image of focal length 1 sees the four (+-.5, +-.5, -1)."""
    pose = np.eye(4)[None, :3]
    cameras = Cameras(pose, [[1.0, 1, 1, 1]], [[2, 2]])
    rays_d = cameras.generate_rays([0] * 4, [0, 1, 0, 1], [0, 0, 1, 1])[1]
    expected = np.array([[-0.5, 0.5, -1], [0.5, 0.5, -1], [-0.5, -0.5, -1], [0.5, -0.5, -1]])
    np.testing.assert_allclose(rays_d, expected / np.sqrt(1.5), atol=1e-7)


def test_points_outside_the_image_are_not_visible():
    cameras = Cameras(np.eye(4)[None, :3], [[1.0, 1, 1, 1]], [[2, 2]])
    points = [[0, 0, -1], [0.99, 0, -1], [1.01, 0, -1], [0, -1.01, -1], [0, 0, 1], [0, 0, 0]]
    assert cameras.project(points, 0).visible.tolist() == [True, True, False, False, False, False]


def test_no_rays():
    empty = np.zeros(0, int)
    rays_o, rays_d = ring_cameras().generate_rays(empty, empty, empty)
    assert rays_o.shape == rays_d.shape == (0, 3)


class _Panorama(LensModel):
    """Longitude and latitude as plane coordinates."""

    def directions(self, plane, indices):
        u, v = plane.T
        return np.stack([np.cos(v) * np.sin(u), -np.sin(v), -np.cos(v) * np.cos(u)], axis=1)

    def plane(self, points, index):
        x, y, z = (points / np.linalg.norm(points, axis=1, keepdims=True)).T
        return np.stack([np.arctan2(x, -z), -np.arcsin(y)], axis=1), np.ones(len(points), bool)


def test_another_lens_slots_in():
    """Even one that looks backwards, which no pinhole does."""
    lens = _Panorama()
    focal = 100 / (2 * np.pi)
    cameras = Cameras(ring_poses(1)[:, :3], [[focal, focal, 50, 25]], [[100, 50]], lens=lens)
    y, x = np.mgrid[0:50, 0:100].reshape(2, -1)
    rays_o, rays_d = cameras.generate_rays(np.zeros(len(x), int), x, y)
    found = cameras.project(rays_o + 3 * rays_d, 0)
    assert found.visible.all()
    np.testing.assert_allclose(found.xy, np.stack([x, y], axis=1) + 0.5, atol=1e-2)


def _broken(change):
    poses = ring_poses(3)[:, :3].copy()
    poses[1] = change(poses[1])
    return poses


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: np.where(p == p[0, 3], np.nan, p), "holds NaN or infinity"),
        (lambda p: np.zeros_like(p), "singular"),
        (lambda p: p * 2, r"columns of length \[2.0, 2.0, 2.0\]"),
        (lambda p: p * [1, 1, -1, 1], "mirrors"),
    ],
)
def test_bad_poses_name_the_camera(change, message):
    with pytest.raises(DataError, match=f"^middle: .*{message}"):
        Cameras(_broken(change), np.ones((3, 4)), np.ones((3, 2)), names=["a", "middle", "z"])


def test_bad_intrinsics_name_the_camera():
    intrinsics = np.ones((3, 4))
    intrinsics[2, 0] = -1
    with pytest.raises(DataError, match="camera 2: intrinsics .* must be positive"):
        Cameras(ring_poses(3)[:, :3], intrinsics, np.ones((3, 2)))


def test_cones_have_the_variance_of_their_pixels():
    """2 / sqrt(12) of a pixel's side, at the depth where the ray is at distance 1."""
    cameras = Cameras(np.eye(3, 4)[None], [[100.0, 100.0, 40.0, 30.0]], [[80, 60]])
    index, x, y = np.zeros(2, np.int32), np.int32([39, 0]), np.int32([29, 0])
    rays = cameras.bundle(index, x, y)
    depth = -rays.rays_d.numpy()[:, 2]
    expected = depth / 100 * 2 / np.sqrt(12)
    np.testing.assert_allclose(rays.radii.numpy()[:, 0], expected, rtol=1e-5)
    assert rays.first(1).radii.shape == [1, 1] and rays.image_indices is None


def test_cones_are_worked_out_when_somebody_reads_them(monkeypatch):
    cameras = Cameras(np.eye(3, 4)[None], [[100.0, 100.0, 40.0, 30.0]], [[80, 60]])
    asked, radii = [], Cameras.radii
    monkeypatch.setattr(Cameras, "radii", lambda *rays: asked.append(1) or radii(*rays))
    rays = cameras.bundle(*np.zeros((3, 4), np.int32))
    part = rays.first(2)
    assert not asked
    assert part.radii.shape == [2, 1] and part.radii is part.radii and len(rays.radii) == 4
    assert asked == [1]
