"""Sampling and widening step functions: reference against kernel, what is drawn, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.step_resample import SPACINGS, Steps, make_spacing, step_resample
from jnerf.ops.step_resample import reference as resample_reference
from jnerf.ops.step_widen import reference as widen_reference
from jnerf.ops.step_widen import step_widen
from tests.ops.step_functions import histogram, single

NEAR, FAR = 0.1, 1e6


def step_functions(n_rays, n, seed=0):
    return single(histogram([n] * n_rays, seed)[:3])


def run(n_rays, n, spacing="piecewise", earlier=None, near=NEAR, far=FAR, **how):
    steps = None if earlier is None else Steps(*map(jt.array, earlier))
    return step_resample(n_rays, n, make_spacing(spacing), near, far, steps, **how)


def edges(starts, ends, n_rays):
    starts, ends = (v.numpy().reshape(n_rays, -1) for v in (starts, ends))
    np.testing.assert_array_equal(starts[:, 1:], ends[:, :-1])
    return np.concatenate([starts, ends[:, -1:]], 1)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_spacings_and_back(spacing):
    """In float64 everywhere; 0 and 1 are the ends, what is near has most of s."""
    curve = make_spacing(spacing)
    t = np.geomspace(NEAR, FAR, 50)
    s = curve.to_normal(t, NEAR, FAR)
    assert s[0] == 0 and s[-1] == 1 and (np.diff(s) > 0).all()
    np.testing.assert_allclose(curve.from_normal(s, NEAR, FAR), t, rtol=1e-5)
    if curve.from_zero:
        assert curve.from_normal(0.0, 0.0, FAR) == 0


def test_the_power_ladder_is_the_papers():
    """P(x) = (p - 1) / p ((x / (1 - p) + 1)^p - 1) with x = 2 t, p = -1.5; its limit is 5 / 3; t = 1e6 comes back."""
    x = 2 * np.geomspace(1e-3, 1e6, 40)
    paper = 2.5 / -1.5 * ((x / 2.5 + 1) ** -1.5 - 1)
    curve = make_spacing("power_ladder")
    found = 2.5 / -1.5 * (curve.bend(x / 2) - 1)
    np.testing.assert_allclose(found, paper, rtol=1e-12)
    assert found[-1] == pytest.approx(5 / 3)
    s = run(1, 4, "power_ladder")
    assert s.t_ends.numpy()[-1] == pytest.approx(1e6, rel=1e-4)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("centres", [False, True])
@pytest.mark.parametrize("single_jitter, step", [(True, None), (True, 7), (False, 7)])
def test_matches_the_reference(device, spacing, centres, single_jitter, step):
    how = {"centres": centres, "single_jitter": single_jitter, "seed": 3, "step": step}
    how |= {"unit": 0.5, "anneal": 0.6, "padding": 1e-3, "floor": 0.01}
    for n_rays, n_old, n in ((5, 40, 24), (3, 1, 7), (2, 9, 1), (4, 0, 16)):
        earlier = step_functions(n_rays, n_old) if n_old else None
        found = run(n_rays, n, spacing, earlier, near=0.05, far=400.0, **how)
        s, t = resample_reference.step_resample(
            n_rays, n, make_spacing(spacing), 0.05, 400.0, earlier, **how
        )
        got = edges(found.s_starts, found.s_ends, n_rays)
        np.testing.assert_allclose(got, s, atol=2e-5)
        exact = 0.5 * make_spacing(spacing).from_normal(got.astype(float), 0.1, 800.0)
        np.testing.assert_allclose(edges(found.t_starts, found.t_ends, n_rays), exact, rtol=2e-3)
        rows = np.arange(n_rays)
        np.testing.assert_array_equal(
            found.packed_info.numpy(), np.stack([rows * n, 0 * rows + n], 1)
        )
        np.testing.assert_array_equal(found.ray_indices.numpy(), np.repeat(rows, n))


@pytest.mark.parametrize("centres", [False, True])
def test_power_zero_draws_evenly(device, centres):
    """Even intervals with any weights, none included, and A = 0: even s."""
    starts = np.tile(np.arange(8, dtype=np.float32) / 8, 2)
    weights = np.random.default_rng(0).random(16).astype(np.float32)
    weights[[3, 7]] = 0  # also of the last
    found = run(2, 16, earlier=[starts, starts + 0.125, weights], anneal=0.0, centres=centres)
    got = edges(found.s_starts, found.s_ends, 2)
    m = 16 if centres else 17
    offset = 0 if centres else 0.5 / 17
    np.testing.assert_allclose(got, np.tile(np.arange(17) / m + offset, (2, 1)), atol=1e-6)


def test_even_intervals_reach_from_end_to_end(device):
    for centres in (False, True):
        got = edges(*_s(run(1, 8, centres=centres)), 1)
        np.testing.assert_allclose(got[0], np.arange(9) / 8, atol=1e-7)
    moved = edges(*_s(run(200, 8, step=1)), 200)
    assert (np.abs(moved - np.arange(9) / 8) <= 0.5 / 8 + 1e-6).all() and moved.std(0).min() > 0.01


def _s(found):
    return found.s_starts, found.s_ends


def test_one_jitter_moves_a_ray_as_a_whole(device):
    earlier = [np.zeros(50, np.float32), np.ones(50, np.float32), np.ones(50, np.float32)]
    for single_jitter in (True, False):
        got = edges(*_s(run(50, 8, earlier=earlier, step=2, single_jitter=single_jitter)), 50)
        gaps = np.diff(got, axis=1)
        assert (np.ptp(gaps, axis=1) < 1e-6).all() == single_jitter
        assert np.ptp(got[:, 0]) > 0.08  # rays differ


def test_samples_go_where_the_weight_is(device):
    """In proportion to it; sorted; an interval without length or weight gets none, with a floor some."""
    starts, ends, weights = step_functions(1, 12)
    for floor in (0.0, 0.01):
        found = run(1, 100_000, earlier=[starts, ends, weights], floor=floor)
        s = found.s_starts.numpy()
        assert (np.diff(s) >= 0).all()
        mass = np.where(ends > starts, weights + floor, 0)
        share = np.histogram(s, np.unique(np.append(starts, 1)))[0] / len(s)
        np.testing.assert_allclose(share, (mass / mass.sum())[ends > starts], atol=1e-4)


def test_a_last_point_stays_in_front_of_empty_space(device):
    starts, ends, weights = step_functions(200, 8)
    weights = weights.reshape(200, 8)
    weights[:, 1:] = 0
    weights[:, 0] = 1
    found = run(200, 256, earlier=[starts, ends, weights.ravel()], step=3)
    assert (found.s_ends.numpy().reshape(200, -1)[:, -1] <= ends.reshape(200, 8)[:, 0]).all()


def test_no_weight_is_an_even_draw(device):
    starts, ends, weights = step_functions(2, 8)
    found = run(2, 9, earlier=[starts, ends, weights * 0])
    assert np.isfinite(found.t_ends.numpy()).all()
    alike = resample_reference.inverse_cdf(
        (np.arange(10) + 0.5) / 10, starts[:8], ends[:8], np.ones(8)
    )
    np.testing.assert_allclose(edges(*_s(found), 2)[0], alike, atol=1e-5)


def test_weights_of_nan_behind_the_first_are_an_even_draw_too(device):
    starts, ends, weights = step_functions(1, 8)
    weights[1:] = np.nan
    found = edges(*_s(run(1, 9, earlier=[starts, ends, weights])), 1)[0]
    even = edges(*_s(run(1, 9, earlier=[starts, ends, np.zeros_like(weights)])), 1)[0]
    np.testing.assert_array_equal(found, even)


def test_no_rays(device):
    found = run(0, 4)
    assert len(found) == 0 and found.s_starts.shape == [0] and found.packed_info.shape == [0, 2]


@pytest.mark.parametrize("n, by", [(1, 0.1), (9, 0.0), (9, 0.01), (40, 0.2)])
def test_widening_matches_the_reference(device, n, by):
    arrays = step_functions(6, n)
    by = float(np.float32(by))
    found = [v.numpy() for v in step_widen(*map(jt.array, arrays), 6, by)]
    right = widen_reference.step_widen(*arrays, 6, np.float32(by))
    for got, want in zip(found, right, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-6)
    assert found[2].shape == (6 * (3 * n - 2),)
    assert (found[1] >= found[0]).all() and found[2].reshape(6, -1).sum(1).max() < 1 + 1e-5


def test_widening_reaches_as_far_as_it_says(device):
    """One narrow step of weight becomes one as wide as itself and twice ``by``; none stays none."""
    starts = np.float32([0, 0.5, 0.52])
    ends, weights = np.float32([0.5, 0.52, 1]), np.float32([0, 0.7, 0])
    s, e, w = (v.numpy() for v in step_widen(*map(jt.array, (starts, ends, weights)), 1, 0.1))
    density = w[w > 0] / (e - s)[w > 0]
    np.testing.assert_allclose(density, 1 / 0.22, rtol=1e-5)
    assert s[w > 0].min() == pytest.approx(0.4) and e[w > 0].max() == pytest.approx(0.62)
    nothing = step_widen(*map(jt.array, (starts, ends, weights * 0)), 1, 0.1)[2].numpy()
    assert not nothing.any()


def test_same_bits_for_any_number_of_threads():
    arrays = step_functions(300, 20)

    def both():
        wider = step_widen(*map(jt.array, arrays), 300, 0.02)
        found = run(300, 20, earlier=[v.numpy() for v in wider], anneal=0.4, step=4)
        return [v.numpy() for v in (*wider, found.s_starts, found.t_ends)]

    for one, two in zip(*(with_threads(n, both) for n in (1, 2)), strict=True):
        np.testing.assert_array_equal(one, two)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="n is 0; it must be at least 1"):
        run(2, 0)
    with pytest.raises(ValueError, match="give near above 0 < far"):
        run(2, 3, "inverse", near=0.0)
    with pytest.raises(ValueError, match=r"\[7\] earlier starts, ends and weights for 2 r"):
        run(2, 3, earlier=[np.zeros(7, np.float32)] * 3)
    with pytest.raises(ValueError, match="7 intervals cannot be shared out evenly to 2 rays"):
        step_widen(*[jt.zeros((7,))] * 3, 2, 0.1)
    with pytest.raises(ValueError, match="spacing is 'even'; choose one of linear, inverse"):
        make_spacing("even")
