"""The stratified sampler behind the sampler interface."""

import jittor as jt
import numpy as np
import pytest
from fields import FunctionField

from jnerf.errors import CheckpointError, ConfigError
from jnerf.registry import SAMPLERS
from jnerf.structures import RayBundle


def rays(n: int) -> RayBundle:
    o = np.tile(np.float32([-1, 0.4, 0.6]), (n, 1))
    return RayBundle(jt.array(o), jt.array(np.tile(np.float32([1, 0, 0]), (n, 1))))


@FunctionField
def no_density(positions):
    raise AssertionError("the uniform sampler needs no density")


def test_interface():
    sampler = SAMPLERS.build(
        {"type": "UniformSampler", "n_samples": 8},
        aabb=np.float32([0, 0, 0, 1, 1, 1]),
        near=0.1,
        far=9.0,
        seed=5,
    )
    sampler.update(no_density, 0)
    assert sampler.n_rays is None and sampler.state() == {} and sampler.stats == {}
    samples = sampler(rays(3), no_density, 4)
    assert len(samples) == 24 and samples.positions.numpy().min() >= 0
    np.testing.assert_array_equal(
        samples.t_starts.numpy(), sampler(rays(3), no_density, 4).t_starts.numpy()
    )
    assert not np.array_equal(
        samples.t_starts.numpy(), sampler(rays(3), no_density, 5).t_starts.numpy()
    )


def test_rendering_is_regular():
    sampler = SAMPLERS.build({"type": "UniformSampler", "n_samples": 4})
    samples = sampler(rays(1), no_density, None)
    np.testing.assert_allclose(
        samples.positions.numpy()[:, 0], [0.125, 0.375, 0.625, 0.875], atol=1e-6
    )


def test_errors():
    with pytest.raises(ConfigError, match="n_samples is 0"):
        SAMPLERS.get("UniformSampler")(n_samples=0)
    with pytest.raises(CheckpointError, match="lacks nothing and has unknown \\['grid'\\]"):
        SAMPLERS.get("UniformSampler")().load_state({"grid": np.zeros(3)})
