"""MaskSampler: even steps, only where the field is not empty."""

import jittor as jt
import numpy as np
import pytest
from fields import FunctionField

from jnerf.errors import ConfigError
from jnerf.samplers.mask import MaskSampler
from jnerf.structures import RayBundle


def rays(n):
    o = np.tile(np.float32([-1, 0.4, 0.6]), (n, 1))
    return RayBundle(jt.array(o), jt.array(np.tile(np.float32([1, 0, 0]), (n, 1))))


SLAB = FunctionField(lambda x: ((x[:, 0] > 0.25) * (x[:, 0] < 0.5)).float32())


def test_samples_are_even_and_where_the_field_is_not_empty():
    sampler = MaskSampler(step_size=1 / 64, seed=3)
    samples = sampler(rays(3), SLAB, 4)
    x = samples.positions.numpy()[:, 0]
    assert (x > 0.25).all() and (x < 0.5).all() and len(samples) == 3 * 16
    np.testing.assert_allclose((samples.t_ends - samples.t_starts).numpy(), 1 / 64, rtol=1e-4)
    info = samples.packed_info.numpy()
    assert info.tolist() == [[0, 16], [16, 16], [32, 16]]
    owners = samples.ray_indices.numpy()
    np.testing.assert_array_equal(owners, np.repeat([0, 1, 2], 16))
    gaps = np.diff(x)[np.diff(owners) == 0]
    np.testing.assert_allclose(gaps, 1 / 64, rtol=1e-4)
    assert sampler.stats == {"looked": 3 * 64, "kept": 48}
    first = x.reshape(3, 16)[:, 0]
    assert len(set(first.tolist())) == 3  # each ray is moved by a number of its own
    again, other = (sampler(rays(3), SLAB, step).positions.numpy()[:, 0] for step in (4, 5))
    np.testing.assert_array_equal(again, x)
    assert not np.array_equal(other, x)


def test_rendering_has_no_chance():
    sampler = MaskSampler(step_size=1 / 8)
    x = sampler(rays(2), SLAB, None).positions.numpy()[:, 0]
    assert x.reshape(2, 2)[0].tolist() == x.reshape(2, 2)[1].tolist()
    assert sampler.stats == {}


def test_the_step_follows_its_schedule():
    falls = dict(schedule="linear", value=1 / 8, end=1 / 32, steps=(0, 100))
    sampler = MaskSampler(step_size=falls, total_steps=100)
    lengths = [
        float((s.t_ends - s.t_starts).numpy()[0])
        for s in (sampler(rays(1), SLAB, step) for step in (0, 100, None))
    ]
    np.testing.assert_allclose(lengths, [1 / 8, 1 / 32, 1 / 32], rtol=1e-5)


def test_boxes_of_any_size_are_walked_through_whole():
    box = [-1.5, -1.5, -1.5, 2.5, 2.5, 2.5]
    sampler = MaskSampler(step_size=1 / 16, aabb=box)
    everywhere = FunctionField(lambda x: x[:, 0] * 0 + 1)
    o = RayBundle(jt.array(np.float32([[-3, 0, 0]])), jt.array(np.float32([[1, 0, 0]])))
    x = sampler(o, everywhere, None).positions.numpy()[:, 0]
    assert len(x) == 64 and x.min() < -1.4 and x.max() > 2.4


@pytest.mark.parametrize("step", [None, 0])
def test_nothing_to_see(step):
    nowhere = FunctionField(lambda x: x[:, 0] * 0)
    samples = MaskSampler()(rays(2), nowhere, step)
    assert len(samples) == 0 and samples.packed_info.numpy().tolist() == [[0, 0], [0, 0]]
    away = RayBundle(rays(2).rays_o, rays(2).rays_d * -1)
    assert len(MaskSampler()(away, SLAB, step)) == 0
    assert len(MaskSampler()(rays(0), SLAB, step)) == 0


def test_wrong_arguments():
    with pytest.raises(ConfigError, match="step_size is 0"):
        MaskSampler(step_size=0.0)
    falls = dict(schedule="linear", value=0.1, end=0.0, steps=(0, 10))
    with pytest.raises(ConfigError, match=r"step_size is 0\.0"):
        MaskSampler(step_size=falls, total_steps=10)
    with pytest.raises(ConfigError, match="max_steps is 0"):
        MaskSampler(max_steps=0)
    with pytest.raises(ConfigError, match="the scene's box is too large"):
        MaskSampler(aabb=[-200, -200, -200, 200, 200, 200])
