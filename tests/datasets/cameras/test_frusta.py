"""What pinhole cameras see between two depths."""

import numpy as np

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.frusta import corner_rays, farthest, frustum_corners


def one_camera() -> Cameras:
    """At the origin, looking along -z: half angles with tangents 1 and 0.5."""
    return Cameras(np.eye(4)[None, :3], np.array([[8.0, 8, 8, 4]]), np.array([[16, 8]]))


def test_corners_of_a_frustum():
    found = frustum_corners(one_camera(), [[1.0, 3.0]])
    expected = [[x * d, y * d, -d] for x in (-1, 1) for y in (-0.5, 0.5) for d in (1.0, 3.0)]
    order = np.lexsort(found.round(4).T)
    wanted = np.array(expected)
    np.testing.assert_allclose(found[order], wanted[np.lexsort(wanted.T)], atol=1e-5)


def test_farthest_is_the_length_to_a_corner():
    assert np.isclose(farthest(one_camera(), [3.0]), 3 * np.sqrt(1 + 1 + 0.25), atol=1e-5)


def test_corner_rays_are_units_from_the_camera():
    rays_o, rays_d = corner_rays(one_camera())
    assert rays_o.shape == rays_d.shape == (1, 4, 3) and not rays_o.any()
    np.testing.assert_allclose(np.linalg.norm(rays_d, axis=2), 1, atol=1e-6)
