"""The occupancy sampler with fixed sizes: the samples of exact ones, and nothing read back between updates."""

import numpy as np
import pytest
from ball_scene import SMALL, ball, rays

from jnerf.samplers.field import Field
from jnerf.samplers.occupancy import OccupancySampler


def padded(**arguments) -> OccupancySampler:
    sampler = OccupancySampler(**SMALL | arguments, fixed_sizes=True)
    sampler.padded = True  # the engine's word
    return sampler


def step_of(sampler, step):
    sampler.update(ball, step)
    return sampler(rays(sampler.n_rays, step), ball, step)


def test_samples_are_those_of_exact_sizes():
    one, other = padded(), OccupancySampler(**SMALL)
    for step in range(16):
        found, right = step_of(one, step), step_of(other, step)
        live, size = len(right.rays), len(right)
        assert int(found.live.numpy().sum()) == live and int(found.count.numpy()[0]) == size
        assert len(found.rays) == 256 and list(found.packed_info.shape) == [256, 2]
        np.testing.assert_array_equal(found.packed_info.numpy()[:live], right.packed_info.numpy())
        np.testing.assert_array_equal(found.t_starts.numpy()[:size], right.t_starts.numpy())
        assert not found.t_ends.numpy()[size:].any()
    one.update(ball, 16), other.update(ball, 16)
    np.testing.assert_array_equal(one.state()["counters"], other.state()["counters"])


def test_rays_follow_the_budget_and_few_are_dropped():
    sampler, shares = padded(), []
    for step in range(48):
        samples = step_of(sampler, step)
        shares.append(samples.live.numpy().mean())
    stats = sampler.stats
    assert stats["wanted"] == pytest.approx(4096, rel=0.2) and stats["kept"] <= 4096
    assert stats["looked"] >= stats["wanted"] and len(samples) == 4096
    assert np.mean(shares[20:]) > 0.9 and sampler.n_rays > 256


def test_nothing_is_read_back_between_updates(reads_of_vars):
    sampler = padded()
    for step in (0, 1):
        step_of(sampler, step).t_starts.sync()
    counts = []
    for step in range(2, 34):
        reads_of_vars.clear()
        step_of(sampler, step).t_starts.sync()
        counts.append(len(reads_of_vars))
    assert [step for step, count in enumerate(counts, 2) if count] == [16, 32]
    assert max(counts) == 1


def test_exact_sizes_are_read_back_in_each_step(reads_of_vars):
    sampler = OccupancySampler(**SMALL)
    step_of(sampler, 0)
    reads_of_vars.clear()
    step_of(sampler, 1)
    assert len(reads_of_vars) > 3


def test_rendering_has_exact_sizes():
    sampler = padded()
    step_of(sampler, 0)
    samples = sampler(rays(100, 3), ball, None)
    assert samples.live is None and len(samples) == samples.packed_info.numpy()[:, 1].sum()


def test_state_takes_in_what_was_not_read_yet():
    one, other = padded(), OccupancySampler(**SMALL)
    for step in range(7):
        step_of(one, step), step_of(other, step)
    for name, value in one.state().items():
        np.testing.assert_array_equal(value, other.state()[name])
    again = padded()
    again.load_state(one.state())
    assert len(step_of(again, 7).rays) == 256


def test_without_a_bound_on_transmittance_sizes_are_exact():
    assert OccupancySampler(**SMALL, early_stop=0.0).wants_padding is False
    assert OccupancySampler(**SMALL).wants_padding is None
    assert padded().wants_padding is True


@pytest.mark.parametrize("grouped", [False, True])
def test_features_stay_with_their_samples_however_many_are_asked_for_at_once(grouped):
    class Looking(Field):
        def density(self, positions):
            return ball(positions)

        def look_along(self, positions, *intervals):
            asked.append(positions.shape[0])
            return ball(positions), positions.reshape(1, -1, 3) * 2 if grouped else positions * 2

    asked, sampler = [], padded(density_chunk=1000)
    sampler.update(ball, 0)
    samples = sampler(rays(256, 0), Looking(), 0)
    assert max(asked) == 1000 and len(asked) > 10
    features, size = samples.features.numpy(), int(samples.count.numpy()[0])
    features = features[0] if grouped else features
    np.testing.assert_allclose(features[:size], 2 * samples.positions.numpy()[:size], rtol=1e-6)
    assert size > 1000 and not features[size:].any()


def test_features_that_are_not_there_are_not_made_up():
    class Looking(Field):
        def density(self, positions):
            return ball(positions)

        def look_along(self, positions, *intervals):
            return ball(positions), None

    sampler = padded(density_chunk=1000)
    sampler.update(ball, 0)
    assert sampler(rays(256, 0), Looking(), 0).features is None
