"""What networks of signed distances start from: the ball in the box, and a round sphere."""

import jittor as jt
import numpy as np

from jnerf.models.networks.surfaces.hash_neus import fibonacci_sphere, sphere_parameters
from jnerf.models.networks.surfaces.sdf import Ball

BOX = np.float32([-1, 0, 1, 3, 4, 6])  # edges 4, 4, 5


def test_the_ball_fits_into_the_box():
    ball = Ball(BOX)
    assert ball.radius == 2 and ball.middle.tolist() == [1, 2, 3.5]
    np.testing.assert_allclose(ball(jt.array(np.float32([[3, 2, 3.5]]))).numpy(), [[1, 0, 0]])


def test_the_sphere_is_round():
    u = fibonacci_sphere(64)
    np.testing.assert_allclose(np.linalg.norm(u, axis=1), 1)
    params = sphere_parameters([5, 64, 4], 0.3, 0)
    assert params.shape == (5 * 64 + 64 + 64 * 4 + 4,) and params[-4] == np.float32(-0.3)
