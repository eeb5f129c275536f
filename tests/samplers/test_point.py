"""Points as rays of length 0."""

import jittor as jt
import numpy as np
import pytest

from jnerf.samplers.point import PointSampler
from jnerf.structures import RayBundle


@pytest.mark.parametrize("n_dims", [2, 3])
def test_the_origin_of_each_ray_is_its_one_sample(n_dims):
    sampler = PointSampler()
    for n, step in ((7, 0), (5, 1), (5, None), (0, None), (1, 3)):
        points = np.random.default_rng(n).random((n, n_dims), dtype=np.float32)
        rays = RayBundle(jt.array(points), jt.zeros((n, n_dims)))
        samples = sampler(rays, None, step)
        np.testing.assert_array_equal(samples.positions.numpy(), points)
        np.testing.assert_array_equal(samples.ray_indices.numpy(), np.arange(n))
        np.testing.assert_array_equal(samples.packed_info.numpy()[:, 0], np.arange(n))
        assert (samples.packed_info.numpy()[:, 1] == 1).all() and len(samples) == n
        assert (samples.t_starts.numpy() == 0).all() and (samples.t_ends.numpy() == 0).all()
