"""The proposal sampler: rounds, spacings, where samples go, annealing, widening, what it hands on and keeps."""

import jittor as jt
import numpy as np
import pytest
from fields import FunctionField

from jnerf.errors import ConfigError
from jnerf.ops.step_resample import make_spacing
from jnerf.samplers.proposal import ProposalSampler, annealed
from jnerf.structures import RayBundle

N = 30


def rays(n=N, seed=0):
    random = np.random.default_rng(seed)
    o = np.float32([0.5, 0.5, 0.5]) + random.uniform(-0.1, 0.1, (n, 3)).astype(np.float32)
    d = random.normal(size=(n, 3)).astype(np.float32)
    return RayBundle(jt.array(o), jt.array(d / np.linalg.norm(d, axis=1, keepdims=True)))


@FunctionField
def shell(positions):
    """Dense between 2 and 2.1 from the middle, outside of the box of the scene."""
    r = jt.sqrt(jt.sqr(positions - 0.5).sum(1))
    return jt.logical_and(r > 2.0, r < 2.1).float32() * 200


class Rounds(FunctionField):
    """Notes which rounds it was asked for; hands out densities as features."""

    def __init__(self):
        super().__init__(lambda x: x[:, 0] * 0 + 1.0)
        self.asked = []

    def density_of(self, samples):
        self.asked.append((samples.round, len(samples)))
        return jt.ones((len(samples),)), jt.ones((len(samples), 1)) * samples.round


def edges(samples, n):
    s = [v.numpy().reshape(-1, n) for v in (samples.s_starts, samples.s_ends)]
    return np.concatenate([s[0], s[1][:, -1:]], 1)


@pytest.mark.parametrize("n_samples", [[8], [16, 4], [32, 16, 8], [8, 7, 6, 5]])
def test_any_number_of_rounds_asks_each_but_the_last_once(n_samples):
    field, sampler = Rounds(), ProposalSampler(n_samples, seed=1)
    sampler.update(field, 3)
    samples = sampler(rays(), field, 3)
    earlier = len(n_samples) - 1
    assert sampler.earlier_rounds == samples.round == earlier
    assert [s.round for s in samples.history] == list(range(earlier))
    assert field.asked == [(i, N * n) for i, n in enumerate(n_samples[:-1])]
    for s, n in zip((*samples.history, samples), n_samples, strict=True):
        assert s.packed_info.numpy().tolist() == [[n * ray, n] for ray in range(N)]
        assert len(s) == n * N and (s.t_ends.numpy() >= s.t_starts.numpy()).all()
    for s in samples.history:
        assert s.features.numpy()[0, 0] == s.round
    assert all(s.features is None for s in sampler(rays(), field, None).history)


@pytest.mark.parametrize("step", [None, 7])
@pytest.mark.parametrize("spacing", ["linear", "inverse", "piecewise", "power_ladder"])
@pytest.mark.parametrize("centres", [False, True])
def test_later_rounds_go_where_the_first_found_something(step, spacing, centres):
    how = {"centres": centres, "anneal_slope": 0, "floor": 1e-4, "seed": 1}
    sampler = ProposalSampler([256, 64, 32], spacing, (0.5, 40.0), **how)
    samples = sampler(rays(), shell, step)
    r = np.linalg.norm(samples.positions.numpy() - 0.5, axis=1)
    assert (np.abs(r - 2.05) < 0.15).mean() > (0.8 if spacing != "inverse" else 0.6)
    curve = make_spacing(spacing)
    right = curve.from_normal(samples.s_starts.numpy().astype(float), 0.5, 40.0) / 2
    np.testing.assert_allclose(samples.t_starts.numpy(), right, rtol=1e-3)


def test_a_unit_is_half_the_longest_edge_of_the_box():
    sampler = ProposalSampler([4], span=(0.5, 2.0), aabb=[0, 0, 0, 4, 2, 2])
    samples = sampler(rays(1), shell, None)
    assert samples.t_starts.numpy()[0] == pytest.approx(1.0)
    assert samples.t_ends.numpy()[-1] == pytest.approx(4.0)
    samples = ProposalSampler([4], span=None, near=0.1, far=7.0)(rays(1), shell, None)
    assert samples.t_ends.numpy()[-1] == pytest.approx(7.0, rel=1e-5)


def test_without_power_the_next_round_is_even():
    """At step 0 the power is 0: the weights do not matter yet."""
    sampler = ProposalSampler([64, 16], "linear", (0.1, 9.0), centres=True, floor=0.0)
    s = edges(sampler(rays(), shell, None), 16)
    np.testing.assert_allclose(np.diff(s[:, 1:-1]), 1 / 16, atol=1e-5)
    s = edges(sampler(rays(), shell, 1000), 16)
    assert np.diff(s[:, 1:-1]).max() < 1 / 30


def test_the_power_is_that_of_the_papers():
    assert annealed(500, 1000, 10) == pytest.approx(10 * 0.5 / (9 * 0.5 + 1))
    sampler = ProposalSampler(anneal_steps=None, total_steps=100)
    sampler.update(shell, 50)
    assert sampler.stats == {"anneal": annealed(50, 100, 10)}


def test_pictures_take_the_power_of_the_last_update_and_so_does_a_resumed_run():
    one, other = (ProposalSampler([32, 8], seed=1) for _ in "ab")
    one.update(shell, 40)
    before = other(rays(), shell, None).t_starts.numpy()
    other.load_state(one.state())
    after = other(rays(), shell, None).t_starts.numpy()
    np.testing.assert_array_equal(after, one(rays(), shell, None).t_starts.numpy())
    assert (before != after).any()


def test_jitter_is_of_the_step_and_one_a_ray():
    sampler = ProposalSampler([16, 16], "linear", floor=1e6, anneal_slope=0, seed=1)
    first, again, later = (sampler(rays(), shell, step) for step in (3, 3, 4))
    np.testing.assert_array_equal(first.t_starts.numpy(), again.t_starts.numpy())
    assert (first.t_starts.numpy() != later.t_starts.numpy()).any()
    gaps = np.diff(edges(first, 16)[:, 1:-1])
    assert np.ptp(gaps, axis=1).max() < 0.02
    each = ProposalSampler([16], "linear", single_jitter=False, seed=1)(rays(), shell, 3)
    assert np.ptp(np.diff(edges(each, 16)), axis=1).min() > 0.02


def test_widened_weights_let_samples_lie_beside():
    """As far as mip-NeRF 360 says: 0.0025 + 0.5 / 64 of the normalised distance, in front and behind."""
    how = {"spacing": "linear", "span": (0.1, 9.0), "centres": True, "floor": 0.0}
    how |= {"anneal_slope": 0, "seed": 1}
    narrow, wide = (
        np.ptp(edges(ProposalSampler([64, 64], widen=w, **how)(rays(), shell, None), 64), axis=1)
        for w in (None, (0.0025, 0.5))
    )
    np.testing.assert_allclose(wide - narrow, 2 * (0.0025 + 0.5 / 64), atol=5e-3)


def test_an_opaque_end_takes_what_is_left():
    empty = FunctionField(lambda x: x[:, 0] * 0)
    how = {"spacing": "linear", "floor": 0.0, "anneal_slope": 0, "seed": 1}
    s = edges(ProposalSampler([8, 16], opaque=True, **how)(rays(), empty, None), 16)
    assert s.min() >= 1 - 1 / 8 - 1e-6
    s = edges(ProposalSampler([8, 16], **how)(rays(), empty, None), 16)
    np.testing.assert_allclose(np.diff(s), 1 / 17, atol=1e-5)  # nothing known: even


def test_no_rays_and_nothing_read_back(reads_of_vars):
    sampler = ProposalSampler([8, 4, 2])
    assert len(sampler(rays(0), shell, 1)) == 0
    bundle = rays()
    jt.sync([bundle.rays_o, bundle.rays_d])
    reads_of_vars.clear()
    sampler(bundle, shell, 1).t_starts.sync()
    assert reads_of_vars == []


@pytest.mark.parametrize(
    "arguments, told",
    [
        ({"n_samples": []}, r"n_samples is \[\]; give the number of each round"),
        ({"n_samples": [4, 0]}, r"n_samples is \[4, 0\]"),
        ({"spacing": "log"}, "spacing is 'log'; choose one of linear, inverse, piecewise"),
        ({"spacing": "inverse", "span": (0, 5)}, "must be 0 < near < far"),
        ({"span": (2, 1)}, "rays go from 1 to 0.5 field units"),
        ({"floor": -1.0}, "floor is -1.0; it must be at least 0"),
        ({"anneal_steps": 0}, "anneal_steps is 0; it must be at least 1"),
        ({"widen": (0.1,)}, r"widen is \[0.1\]; give \(bias, factor\)"),
    ],
)
def test_wrong_arguments_are_named(arguments, told):
    with pytest.raises(ConfigError, match=told):
        ProposalSampler(**arguments)
