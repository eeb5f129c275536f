"""The hierarchical sampler: where its second round goes, which density it asks for, what it hands on."""

import jittor as jt
import numpy as np
import pytest
from fields import FunctionField

from jnerf.errors import ConfigError
from jnerf.ops.composite import composite
from jnerf.ops.ray_points import ray_points
from jnerf.ops.ray_resample import ray_resample
from jnerf.samplers.field import Field
from jnerf.samplers.hierarchical import HierarchicalSampler
from jnerf.structures import RayBundle


def rays(n=40, seed=0):
    """Rays from outside the unit cube, the first of which miss it."""
    random = np.random.default_rng(seed)
    o = np.float32([0.5, 0.5, -1]) + random.uniform(-0.2, 0.2, (n, 3)).astype(np.float32)
    d = random.uniform(0.2, 0.8, (n, 3)) - o
    d[:5, 2] *= -1
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    return RayBundle(jt.array(o), jt.array(d.astype(np.float32)))


@FunctionField
def slab(positions):
    """Dense between z = 0.6 and z = 0.62."""
    z = positions[:, 2]
    return jt.logical_and(z > 0.6, z < 0.62).float32() * 500


@pytest.mark.parametrize("merge", [True, False])
@pytest.mark.parametrize("step", [None, 3])
def test_the_second_round_goes_where_the_first_found_something(merge, step):
    sampler = HierarchicalSampler(n_coarse=64, n_fine=32, merge=merge, seed=1)
    samples = sampler(rays(), slab, step)
    (coarse,) = samples.history
    assert (samples.round, coarse.round) == (1, 0) and sampler.earlier_rounds == 1
    hits = (samples.packed_info.numpy()[:, 1] > 0).sum()
    assert hits == 35 and len(coarse) == 64 * hits
    assert len(samples) == hits * (32 + 64 * merge)
    z = samples.positions.numpy()[:, 2]
    near = np.abs(z - 0.61) < 0.03
    assert near.sum() > 28 * hits
    if not merge:
        assert near.mean() > 0.9


@pytest.mark.parametrize("padded", [False, True])
def test_midpoints_come_with_the_intervals(padded):
    sampler = HierarchicalSampler(n_coarse=8, n_fine=4, seed=1)
    sampler.padded = padded
    found = sampler(rays(), slab, 3)
    for samples in (found, *found.history):
        assert samples.middles is not None
        where = samples.t_starts, samples.t_ends, samples.ray_indices
        right = ray_points(samples.rays.rays_o, samples.rays.rays_d, *where)
        np.testing.assert_array_equal(samples.positions.numpy(), right.numpy())


@pytest.mark.parametrize("merge", [True, False])
def test_with_padding_nothing_is_read_back_and_samples_are_the_same(merge, reads_of_vars):
    exact, padded = (HierarchicalSampler(n_coarse=64, n_fine=32, merge=merge, seed=1) for _ in "ab")
    padded.padded = True  # the engine's word
    bundle = rays()
    jt.sync([bundle.rays_o, bundle.rays_d])
    reads_of_vars.clear()
    found = padded(bundle, slab, 3)
    found.t_starts.sync()
    assert reads_of_vars == []
    right = exact(bundle, slab, 3)
    assert len(reads_of_vars) == 1
    for one, other in ((found, right), (found.history[0], right.history[0])):
        size = len(other)
        assert one.count.numpy().tolist() == [size] and one.live is None and len(one) > size
        np.testing.assert_array_equal(one.packed_info.numpy(), other.packed_info.numpy())
        np.testing.assert_array_equal(one.t_starts.numpy()[:size], other.t_starts.numpy())
        np.testing.assert_array_equal(one.ray_indices.numpy()[:size], other.ray_indices.numpy())
    assert padded(bundle, slab, None).count is None  # rendering


def test_the_round_is_the_ops_on_the_coarse_weights():
    sampler = HierarchicalSampler(n_coarse=16, n_fine=8, seed=5)
    samples = sampler(rays(), slab, 9)
    (coarse,) = samples.history
    where = coarse.t_starts, coarse.t_ends, coarse.packed_info
    weights = composite(
        slab(coarse.positions), jt.zeros((len(coarse), 3)), *where, early_stop=0.0
    ).weights
    expected = ray_resample(
        *where[:2], weights, where[2], 8, True, False, 1e-5, sampler._fine_seed, 9
    )
    np.testing.assert_array_equal(samples.t_starts.numpy(), expected.t_starts.numpy())


def test_a_field_with_rounds_is_asked_for_the_coarse_one():
    asked = []

    class Rounds(Field):
        def density(self, positions):
            raise AssertionError("the density of a position has no round")

        def density_of(self, samples):
            asked.append((samples.round, len(samples)))
            return slab(samples.positions), samples.positions * 2

    sampler = HierarchicalSampler(n_coarse=8, n_fine=8)
    (coarse,) = sampler(rays(), Rounds(), 0).history
    assert asked == [(0, len(coarse))]
    # What was computed on the way comes with the samples in training, where they are asked for again.
    np.testing.assert_array_equal(coarse.features.numpy(), 2 * coarse.positions.numpy())
    assert sampler(rays(), Rounds(), None).history[0].features is None


def test_rendering_is_deterministic_and_training_is_not():
    sampler = HierarchicalSampler(n_coarse=8, n_fine=8, seed=2)
    t = [sampler(rays(), slab, step).t_starts.numpy() for step in (None, None, 1, 1, 2)]
    assert np.array_equal(t[0], t[1]) and np.array_equal(t[2], t[3])
    assert not np.array_equal(t[2], t[3 + 1]) and not np.array_equal(t[0], t[2])


def test_no_ray_hits():
    away = RayBundle(jt.array(np.float32([[5, 5, 5]])), jt.array(np.float32([[1, 0, 0]])))
    samples = HierarchicalSampler()(away, slab, 0)
    assert len(samples) == 0 and samples.packed_info.shape == [1, 2] and len(samples.history) == 1


def test_wrong_arguments_are_named():
    with pytest.raises(ConfigError, match="n_fine is 0; it must be at least 1"):
        HierarchicalSampler(n_fine=0)
    with pytest.raises(ConfigError, match="padding is -1; it must be at least 0"):
        HierarchicalSampler(padding=-1)
