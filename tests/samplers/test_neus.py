"""NeuS's sampler: its samples gather on the surface; what it needs of the field is checked before any step."""

import jittor as jt
import numpy as np
import pytest

from jnerf.errors import ConfigError
from jnerf.samplers.field import Field
from jnerf.samplers.neus import NeuSSampler
from jnerf.structures import RayBundle

BOX = np.float32([-1, 0, 1, 3, 4, 6])  # its ball: middle (1, 2, 3.5), radius 2


def rays(n=40, seed=0, middle=(0.5, 0.5, 0.5), radius=0.5):
    """Rays from outside the ball at its middle and around."""
    random = np.random.default_rng(seed)
    out = random.normal(size=(n, 3))
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    o = np.array(middle) + 4 * radius * out
    aim = np.array(middle) + 0.3 * radius * random.uniform(-1, 1, (n, 3))
    d = (aim - o) / np.linalg.norm(aim - o, axis=1, keepdims=True)
    return RayBundle(jt.array(o.astype(np.float32)), jt.array(d.astype(np.float32)))


class Ball(Field):
    """A field of distances from a sphere; counts what it is asked."""

    def __init__(self, middle=(0.5, 0.5, 0.5), radius=0.25):
        self.middle, self.radius, self.asked = np.float32(middle), radius, []

    def density(self, positions):
        raise AssertionError("this sampler asks for distances")

    def sdf(self, positions):
        self.asked.append(positions.shape[0])
        return jt.sqrt(((positions - self.middle) ** 2).sum(1)) - self.radius


@pytest.mark.parametrize("step", [None, 0, 7])
def test_samples_gather_on_the_surface(step, device):
    field = Ball()
    given = rays()
    samples = NeuSSampler(n_samples=32, n_rounds=3, n_fine=8, seed=3)(given, field, step)
    n = 32 + 3 * 8
    assert len(samples) == 40 * n and (samples.packed_info.numpy()[:, 1] == n).all()
    assert field.asked == [40 * 33, 40 * 8, 40 * 8]  # only what is new
    starts, ends = (v.numpy().reshape(40, n) for v in (samples.t_starts, samples.t_ends))
    np.testing.assert_array_equal(starts[:, 1:], ends[:, :-1])
    assert (ends >= starts).all()
    np.testing.assert_allclose(samples.ray_indices.numpy(), np.repeat(np.arange(40), n))
    nearest = ((0.5 - given.rays_o.numpy()) * given.rays_d.numpy()).sum(1)
    np.testing.assert_allclose(starts[:, 0], nearest - 0.5, atol=1e-5)
    np.testing.assert_allclose(ends[:, -1], nearest + 0.5, atol=1e-5)
    # Twenty-four were added; they lie near the first surface, where the ray enters.
    off = np.linalg.norm(samples.positions.numpy() - 0.5, axis=1) - 0.25
    t = (0.5 * (starts + ends)).ravel()
    close = (np.abs(off) < 0.02) & (t < np.repeat(nearest, n))
    assert close.reshape(40, n).sum(1).min() >= 15


def test_the_ball_is_the_one_in_the_box():
    middle = [1, 2, 3.5]
    given, field = rays(middle=middle, radius=2.0), Ball(middle, 1.0)
    samples = NeuSSampler(n_samples=16, n_rounds=2, n_fine=8, aabb=BOX)(given, field, None)
    off = np.linalg.norm(samples.positions.numpy() - np.float32(middle), axis=1)
    assert off.max() < 2.1 and ((np.abs(off - 1) < 0.1).reshape(40, -1).sum(1) >= 8).all()


def test_samples_outside_go_on_in_inverse_distance(device):
    sampler = NeuSSampler(n_samples=8, n_rounds=1, n_fine=4, n_outside=6)
    for step in (None, 4):
        samples = sampler(rays(), Ball(), step)
        starts, ends = (v.numpy().reshape(40, 18) for v in (samples.t_starts, samples.t_ends))
        np.testing.assert_array_equal(starts[:, 1:], ends[:, :-1])
        far = starts[:, 12:13]
        inverse = np.concatenate([far / starts[:, 12:], far / ends[:, -1:]], axis=1)
        assert (np.diff(inverse, axis=1) < 0).all()
        np.testing.assert_allclose(inverse[:, -1], 1e-3, rtol=1e-4)
        expected = np.broadcast_to(np.linspace(1, 1e-3, 7), inverse.shape)
        np.testing.assert_allclose(inverse, expected, atol=1e-4 if step is None else 0.5 / 6 + 1e-4)
    assert sampler.requires == {"sdf", "outside"} and NeuSSampler().requires == {"sdf"}


def test_rendering_is_deterministic_and_training_is_not():
    sampler = NeuSSampler(n_samples=8, n_rounds=1, n_fine=4, seed=2)
    t = [sampler(rays(), Ball(), step).t_starts.numpy() for step in (None, None, 1, 1, 2)]
    assert np.array_equal(t[0], t[1]) and np.array_equal(t[2], t[3])
    assert not np.array_equal(t[2], t[4]) and not np.array_equal(t[0], t[2])


def test_cameras_inside_the_ball_and_rays_that_miss_it():
    o = np.float32([[0.5, 0.5, 0.5], [0.5, 0.5, -2], [5, 5, 5]])
    d = np.float32([[0, 0, 1], [0, 0, -1], [1, 0, 0]])
    samples = NeuSSampler(n_outside=4)(RayBundle(jt.array(o), jt.array(d)), Ball(), 0)
    t = samples.t_starts.numpy()
    assert np.isfinite(t).all() and (t >= 0).all() and (samples.t_ends.numpy() >= t).all()
    none = RayBundle(jt.zeros((0, 3)), jt.zeros((0, 3)))
    assert len(NeuSSampler()(none, Ball(), 0)) == 0


def test_wrong_arguments_are_named():
    with pytest.raises(ConfigError, match="NeuSSampler: n_samples is 1; it must be at least 2"):
        NeuSSampler(n_samples=1)
    with pytest.raises(ConfigError, match="sharpness is 0; it must be above 0"):
        NeuSSampler(sharpness=0)
