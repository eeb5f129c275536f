"""camera_rays: against ``Cameras.generate_rays``, with and without a lens of its own."""

import jittor as jt
import numpy as np
import pytest

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.lenses import Pinhole
from jnerf.ops.camera_rays import camera_rays, pixel_radii, view_rays


class Bulge(Pinhole):
    """Directions that no pinhole has."""

    def directions(self, plane, indices):
        local = super().directions(plane, indices)
        return local * (1 + 0.3 * (plane**2).sum(1, keepdims=True)) + indices[:, None] * 0.01


def make_cameras(lens) -> Cameras:
    random = np.random.default_rng(2)
    turns = np.linalg.qr(random.normal(size=(5, 3, 3)))[0]
    turns[:, :, 0] *= np.sign(np.linalg.det(turns))[:, None]
    c2w = np.concatenate([turns, random.normal(size=(5, 3, 1))], axis=2)
    intrinsics = random.uniform(50, 90, (5, 4)).astype(np.float32)
    return Cameras(c2w, intrinsics, np.full((5, 2), 64, np.int32), lens)


@pytest.mark.parametrize("lens", [Pinhole(), Bulge()])
@pytest.mark.parametrize("n", [0, 1, 3, 1000])
def test_matches_the_cameras(device, lens, n):
    cameras, random = make_cameras(lens), np.random.default_rng(n)
    indices = random.integers(0, 5, n).astype(np.int32)
    x, y = random.integers(0, 64, (2, n)).astype(np.int32)
    local = None if type(lens) is Pinhole else jt.array(cameras.local_directions(indices, x, y))
    arrays = [jt.array(v) for v in (indices, x, y, cameras.c2w, cameras.intrinsics)]
    rays_o, rays_d = camera_rays(*arrays, local)
    expected_o, expected_d = cameras.generate_rays(indices, x, y)
    np.testing.assert_array_equal(rays_o.numpy(), expected_o)
    np.testing.assert_allclose(rays_d.numpy(), expected_d, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(rays_d.numpy(), axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("first, n", [(0, 64 * 48), (5, 0), (70, 200)])
def test_rays_of_pixels_that_follow_one_another(device, first, n):
    cameras = make_cameras(Pinhole())
    y, x = np.divmod(np.arange(first, first + n), 64)
    expected = cameras.rays(np.full(n, 3), x, y)
    for found, wanted in zip(
        view_rays(3, first, n, 64, *cameras.on_device()), expected, strict=True
    ):
        np.testing.assert_array_equal(found.numpy(), wanted.numpy())


@pytest.mark.parametrize("lens", [Pinhole(), Bulge()])
def test_pixels_of_a_view_are_those_of_its_bundle(lens):
    cameras = make_cameras(lens)
    y, x = np.divmod(np.arange(100, 300, dtype=np.int32), 64)
    expected = cameras.bundle(np.full(200, 2, np.int32), x, y)
    found = cameras.pixels(2, 100, 300, 64)
    for name in ("rays_o", "rays_d", "radii"):
        np.testing.assert_array_equal(getattr(found, name).numpy(), getattr(expected, name).numpy())


@pytest.mark.parametrize("n", [0, 1, 1000])
def test_radii_of_pixels(device, n):
    random = np.random.default_rng(n)
    indices = random.integers(0, 5, n).astype(np.int32)
    d, axes, sides = (random.normal(size=s).astype(np.float32) for s in ((n, 3), (5, 3), (5, 1)))
    given = [jt.array(v) for v in (indices, d, sides)]
    assert (pixel_radii(*given).numpy() == sides[indices]).all()
    right = sides[indices] * (d * axes[indices]).sum(1, keepdims=True)
    np.testing.assert_allclose(pixel_radii(*given, jt.array(axes)).numpy(), right, atol=1e-6)
