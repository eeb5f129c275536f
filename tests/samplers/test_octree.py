"""OctreeSampler: samples lie in leaves, what is hidden is dropped, rays follow samples, messages."""

import jittor as jt
import numpy as np
import pytest
from fields import FunctionField

from jnerf.errors import ConfigError
from jnerf.ops.octree_interp import octree_kept, octree_of
from jnerf.ops.octree_march import octree_march
from jnerf.registry import SAMPLERS
from jnerf.structures import RayBundle

BOX = np.float32([-1, -1, -1, 1, 1, 1])
TREE = octree_of(np.random.default_rng(0).choice(512, 150, False), 3, 0)


class TreeField(FunctionField):
    def octree(self):
        return TREE


CLEAR = TreeField(lambda positions: jt.zeros((positions.shape[0],)))
OPAQUE = TreeField(lambda positions: jt.ones((positions.shape[0],)) * 1e4)


def rays(n=200, seed=0):
    random = np.random.default_rng(seed)
    o = random.normal(size=(n, 3))
    o = 2.5 * o / np.linalg.norm(o, axis=1, keepdims=True)
    d = random.uniform(-0.8, 0.8, (n, 3)) - o
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    return RayBundle(jt.array(o.astype(np.float32)), jt.array(d.astype(np.float32)))


def make(**options):
    block = {"type": "OctreeSampler", "target_samples": 4096, "max_steps": 256} | options
    return SAMPLERS.build(block, path="sampler", aabb=BOX, near=0.0, far=9.0, seed=4)


@pytest.mark.parametrize("options", [{"per_leaf": 3}, {"marching": "ray", "step_size": 0.02}])
def test_samples_lie_in_leaves(device, options):
    bundle = rays()
    for step in (None, 5):
        samples = make(**options)(bundle, CLEAR, step)
        where = (samples.positions + 1) / 2
        inside = octree_kept(jt.ones(len(samples)), where, TREE).numpy()
        assert len(samples) > 500 and inside.mean() > 0.999
        again = make(**options)(bundle, CLEAR, step)
        np.testing.assert_array_equal(samples.t_starts.numpy(), again.t_starts.numpy())
    other = make(**options)(bundle, CLEAR, 6)
    assert len(other) != len(samples) or (other.t_starts.numpy() != samples.t_starts.numpy()).any()


def test_rendering_in_voxels_is_the_traversal():
    bundle, sampler = rays(), make(per_leaf=1)
    samples = sampler(bundle, CLEAR, None)
    found = octree_march(bundle.rays_o, bundle.rays_d, TREE, BOX, 0.0, 9.0).intervals
    np.testing.assert_array_equal(samples.t_starts.numpy(), found.t_starts.numpy())
    np.testing.assert_array_equal(samples.packed_info.numpy(), found.packed_info.numpy())


def test_what_is_hidden_is_dropped():
    bundle, sampler = rays(), make(per_leaf=2)
    everything, seen = sampler(bundle, CLEAR, 3), sampler(bundle, OPAQUE, 3)
    hit = everything.packed_info.numpy()[:, 1] > 0
    assert (seen.packed_info.numpy()[:, 1] == hit).all() and 0 < hit.sum() < 200
    first = everything.packed_info.numpy()[hit, 0]
    np.testing.assert_array_equal(seen.t_starts.numpy(), everything.t_starts.numpy()[first])
    assert sampler.stats == {"looked": len(everything), "wanted": hit.sum(), "kept": hit.sum()}
    kept = make(per_leaf=2, early_stop=0)(bundle, OPAQUE, 3)
    assert len(kept) == len(everything)


def test_features_of_the_look_come_along():
    class Looking(TreeField):
        def look_along(self, positions, *intervals):
            return jt.ones((positions.shape[0],)) * 1e4, positions * 2

    samples = make()(rays(), Looking(None), 2)
    np.testing.assert_allclose(samples.features.numpy(), 2 * samples.positions.numpy(), atol=1e-5)


@pytest.mark.parametrize(
    "options", [{"look_samples": 700}, {"look_samples": 4096, "target_samples": 700}]
)
def test_budgets_leave_leading_rays(options):
    bundle = rays()
    whole = make()(bundle, CLEAR, 9)
    cut = make(max_steps=64, **options)(bundle, CLEAR, 9)
    n, counts = len(cut.rays), cut.packed_info.numpy()[:, 1]
    assert 0 < n < 200 and 600 < len(cut) <= 700 and counts.sum() == len(cut)
    np.testing.assert_array_equal(counts, whole.packed_info.numpy()[:n, 1])


def test_the_number_of_rays_follows_the_samples_and_is_kept():
    sampler = make(target_samples=2048, n_rays_init=50)
    sampler(rays(50), CLEAR, 0)
    wanted = sampler.stats["wanted"]
    sampler.update(CLEAR, 16)
    assert sampler.n_rays == pytest.approx(50 * 2048 / wanted, abs=2)
    sampler(rays(50), CLEAR, 16)
    other = make(target_samples=2048)
    other.load_state(sampler.state())
    assert other.n_rays == sampler.n_rays
    for name, value in sampler.state().items():
        np.testing.assert_array_equal(other.state()[name], value)
    fixed = make(n_rays_init=50, fixed_rays=True)
    fixed(rays(50), CLEAR, 0)
    fixed.update(CLEAR, 16)
    assert fixed.n_rays == 50


@pytest.mark.parametrize("early_stop", [0.0, 1e-4])
def test_rays_beyond_a_budget_count_once(early_stop):
    bundle, options = rays(), {"early_stop": early_stop, "n_rays_init": 200}
    everything = len(make(**options)(bundle, CLEAR, 9))
    sampler = make(**options, max_steps=64, target_samples=700, look_samples=700)
    assert len(sampler(bundle, CLEAR, 9).rays) < 100
    sampler.update(CLEAR, 16)
    # the look knows of its rays alone, and has to guess
    assert sampler.n_rays == pytest.approx(200 * 700 / everything, rel=0.2 if early_stop else 0.02)


def test_no_ray_and_rays_that_miss():
    sampler = make()
    assert len(sampler(rays(0), CLEAR, None)) == 0
    away = RayBundle(jt.array(np.float32([[5, 5, 5]])), jt.array(np.float32([[1, 0, 0]])))
    for step in (None, 1):
        samples = sampler(away, CLEAR, step)
        assert len(samples) == 0 and len(samples.rays) == 1


@pytest.mark.parametrize(
    "options, message",
    [
        ({"marching": "cell"}, "'voxel' or 'ray'"),
        ({"step_size": 0.0}, "step_size is 0.0; it must be above 0"),
        ({"per_leaf": 0}, "per_leaf is 0; it must be at least 1"),
        ({"target_samples": 100}, r"target_samples is 100; it must be at least 256 \(max_steps"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError, match=message):
        make(**options)
