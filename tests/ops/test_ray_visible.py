"""Early ray termination while marching: reference against kernel, the budgets, and the features that travel along."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.occupancy import build_bitfield
from jnerf.ops.ray_march import MarchRule, ray_march
from jnerf.ops.ray_visible import ray_visible, reference
from jnerf.ops.ray_visible.steps import windows
from tests.ops.march_rays import check_packed, tricky_rays

RES = 32


class Scene:
    """Tricky rays through a random grid, with a density that varies along them."""

    def __init__(self, density: float, n_rays: int = 200, seed: int = 1, cone: float = 0.0) -> None:
        random = np.random.default_rng(seed)
        grid = (random.random(RES**3) < 0.3).astype(np.float32)
        field = build_bitfield(jt.array(grid), 0.01, RES)
        o, d = tricky_rays(n_rays, seed)
        self.rule = MarchRule((0, 0, 0, 1, 1, 1), 0.05, cone_angle=cone)
        self.rays = [jt.array(o), jt.array(d), field.bits, field.blocks, self.rule, RES]
        self.density, self.asked = density, []

    def sigmas(self, t_starts: np.ndarray, ray_indices: np.ndarray) -> np.ndarray:
        """Between 0 and twice the density, and exactly 0 or infinite now and then."""
        key = np.floor(t_starts * 5000).astype(np.int64) * 7919 + ray_indices * 104729
        value = (key % 1009).astype(np.float32) / 1009 * 2 * self.density
        return np.where(key % 499 == 0, np.float32(np.inf), np.where(key % 7 == 0, 0, value))

    def look(self, positions, t_starts, t_ends, ray_indices):
        assert list(t_ends.shape) == list(ray_indices.shape) == list(t_starts.shape)
        self.asked.append(t_starts.shape[0])
        o, d = (v.numpy()[ray_indices.numpy()] for v in self.rays[:2])
        middles = 0.5 * (t_starts + t_ends).numpy()[:, None]
        np.testing.assert_allclose(positions.numpy(), o + middles * d, atol=1e-6)
        return jt.array(self.sigmas(t_starts.numpy(), ray_indices.numpy())), None

    def all_samples(self, **march):
        out = ray_march(*self.rays, **march)
        t_starts, t_ends, indices, packed = (
            v.numpy() for v in (out.t_starts, out.t_ends, out.ray_indices, out.packed_info)
        )
        return t_starts, t_ends, packed, self.sigmas(t_starts, indices)


def compare(scene: Scene, look=None, first_window=8, step=3, **kwargs):
    samples = scene.all_samples(seed=5, step=step)
    found = ray_visible(
        *scene.rays, look or scene.look, seed=5, step=step, first_window=first_window, **kwargs
    )
    kwargs.pop("max_looked", None)
    rows, packed, wanted = reference.visible(*samples, **kwargs)
    out = found.intervals
    np.testing.assert_array_equal(out.packed_info.numpy(), packed)
    np.testing.assert_array_equal(out.t_starts.numpy(), samples[0][rows])
    np.testing.assert_array_equal(out.t_ends.numpy(), samples[1][rows])
    check_packed(packed, out.ray_indices.numpy())
    assert out.wanted == wanted and found.n_rays == len(packed)
    return found


@pytest.mark.parametrize("cone", [0.0, 1 / 64])
@pytest.mark.parametrize("density", [0.0, 50.0, 1e4])
def test_keeps_what_can_be_seen(device, density, cone):
    found = compare(Scene(density, cone=cone))
    assert len(found.intervals) > 0


@pytest.mark.parametrize("early_stop", [0.9, 0.5, 1e-4, 1e-30])
def test_transmittance_is_tested_before_the_sample(device, early_stop):
    compare(Scene(300.0), early_stop=early_stop)


def test_rendering_has_no_jitter(device):
    compare(Scene(50.0), step=None)


@pytest.mark.parametrize("share", [0.01, 0.5, 1.0])
def test_budget_drops_whole_rays_from_the_end(device, share):
    free = compare(Scene(50.0)).intervals
    budget = int(len(free) * share)
    out = compare(Scene(50.0), max_samples=budget).intervals
    longest = free.packed_info.numpy()[:, 1].max()
    assert budget - longest <= len(out) <= budget and out.wanted == len(free)
    np.testing.assert_array_equal(out.t_starts.numpy(), free.t_starts.numpy()[: len(out)])


@pytest.mark.parametrize("max_looked", [300, 1000, 2000])
def test_a_bound_on_looks_drops_rays_and_touches_no_other(device, max_looked):
    scene = Scene(50.0)
    free = compare(Scene(50.0)).intervals
    found = ray_visible(*scene.rays, scene.look, seed=5, step=3, max_looked=max_looked)
    out, n = found.intervals, found.n_rays
    assert found.looked <= max_looked and 0 < n < 209
    assert list(out.packed_info.shape) == [n, 2] and out.wanted == len(out)
    np.testing.assert_array_equal(out.packed_info.numpy(), free.packed_info.numpy()[:n])
    np.testing.assert_array_equal(out.t_starts.numpy(), free.t_starts.numpy()[: len(out)])


@pytest.mark.parametrize("shape", [(3,), (4, 2), (512,), (63, 7), (256, 2)])
def test_features_stay_with_their_samples(device, shape):
    """Rows [W, 3] and groups [4, W, 2] arrive where the sample they were computed for arrives; so do large ones."""
    scene = Scene(50.0)

    def features_of(t_starts, ray_indices):
        rows = np.stack([t_starts * (c + 1) + ray_indices for c in range(np.prod(shape))], 1)
        if len(shape) == 1:
            return rows.astype(np.float32)
        return rows.reshape(-1, *shape).transpose(1, 0, 2).astype(np.float32)

    def look(positions, t_starts, t_ends, ray_indices):
        sigmas, _ = scene.look(positions, t_starts, t_ends, ray_indices)
        return sigmas, jt.array(features_of(t_starts.numpy(), ray_indices.numpy()))

    found = compare(scene, look, max_samples=4000)
    out = found.intervals
    assert len(scene.asked) > 3
    expected = features_of(out.t_starts.numpy(), out.ray_indices.numpy())
    np.testing.assert_array_equal(found.features.numpy(), expected)


def test_features_that_one_window_lacks_are_dropped(device):
    scene = Scene(50.0)

    def look(*window):
        sigmas, _ = scene.look(*window)
        return sigmas, None if len(scene.asked) == 2 else jt.zeros((sigmas.shape[0], 2))

    assert compare(scene, look).features is None


def test_many_rays_cross_the_tiles_of_the_scan(device):
    compare(Scene(20.0, n_rays=5000), max_samples=60000)


def test_no_rays_and_rays_without_samples(device):
    scene = Scene(50.0)
    nothing = [v[:0] for v in scene.rays[:2]]
    found = ray_visible(*nothing, *scene.rays[2:], scene.look)
    assert len(found.intervals) == found.n_rays == found.looked == 0
    away = [scene.rays[0], -scene.rays[1], *scene.rays[2:]]
    found = ray_visible(*(v[:50] if i < 2 else v for i, v in enumerate(away)), scene.look)
    assert len(found.intervals) == 0 and list(found.intervals.packed_info.shape) == [50, 2]


def test_same_bits_for_any_number_of_threads():
    def run():
        scene = Scene(50.0, n_rays=500)
        out = ray_visible(*scene.rays, scene.look, step=0, max_samples=4000).intervals
        return [v.numpy() for v in (out.t_starts, out.t_ends, out.ray_indices, out.packed_info)]

    for one, two in zip(with_threads(1, run), with_threads(2, run), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("first_window", [1, 3, 64])
def test_windows_change_what_is_asked_and_nothing_else(device, first_window):
    scene = Scene(100.0)
    found = compare(scene, first_window=first_window)
    n_all = len(scene.all_samples(seed=5, step=3)[0])
    assert len(found.intervals) <= found.looked == sum(scene.asked) <= n_all
    if first_window == 1:
        assert found.looked < 0.7 * n_all


def test_windows_cover_the_longest_ray_without_gap():
    spans = list(windows(1024))
    assert spans[0][0] == 0 and spans[-1][0] + spans[-1][1] >= 1024
    assert all(a + n == b for (a, n), (b, _) in zip(spans[:-1], spans[1:], strict=True))


def test_wrong_arguments_are_named():
    scene = Scene(50.0)
    with pytest.raises(ValueError, match="max_samples is -1"):
        ray_visible(*scene.rays, scene.look, max_samples=-1)
    with pytest.raises(ValueError, match=r"look gave \[\[2\]\] for \d+ samples"):
        ray_visible(*scene.rays, lambda *_: (jt.zeros((2,)), None))
    with pytest.raises(ValueError, match="max_looked is 5; the first ray alone"):
        ray_visible(*scene.rays, scene.look, max_looked=5)
    with pytest.raises(ValueError, match="no grid of resolution 64"):
        ray_visible(*scene.rays[:-1], 64, scene.look)
