"""Marching: every sample of the brute-force reference and no other, whatever is jumped over."""

import math

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.occupancy import build_bitfield
from jnerf.ops.ray_march import MAX_STEP, MIN_STEP, MarchRule, ray_march, reference
from tests.ops.march_rays import check_packed, tricky_rays

RES = 32
UNIT_BOX = [0, 0, 0, 1, 1, 1]


def box(half: float) -> list[float]:
    return [0.5 - half] * 3 + [0.5 + half] * 3


def grid(fill: float, levels: int, seed: int = 0) -> np.ndarray:
    """Occupied cells at random, in clumps (whole bricks) and singly; fill 0 and 1 are empty and full."""
    random = np.random.default_rng(seed)
    bricks = random.random((levels * RES**3 // 64, 1)) < math.sqrt(fill)
    return (
        (bricks & (random.random((levels * RES**3 // 64, 64)) < math.sqrt(fill)))
        .astype(np.float32)
        .ravel()
    )


def march(o, d, values, rule, **kwargs):
    field = build_bitfield(jt.array(values), 0.01, RES)
    out = ray_march(jt.array(o), jt.array(d), field.bits, field.blocks, rule, RES, **kwargs)
    return out, field.bits.numpy()


def compare(o, d, values, rule, exact=True, **kwargs):
    out, bits = march(o, d, values, rule, **kwargs)
    t_starts, t_ends, packed = reference.ray_march(o, d, bits, rule, RES, **kwargs)
    np.testing.assert_array_equal(out.packed_info.numpy(), packed)
    check_packed(packed, out.ray_indices.numpy())
    np.testing.assert_allclose(out.t_starts.numpy(), t_starts, rtol=0 if exact else 1e-6)
    np.testing.assert_allclose(out.t_ends.numpy(), t_ends, rtol=0 if exact else 1e-6)
    return out


def test_golden_steps():
    assert MIN_STEP == pytest.approx(0.0016914559)
    assert MAX_STEP == pytest.approx(MIN_STEP * 2**4 * 8) == pytest.approx(math.sqrt(3) / 8)


@pytest.mark.parametrize("fill", [0.0, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("step", [None, 7])
def test_constant_steps_in_the_unit_box(device, fill, step):
    o, d = tricky_rays(40, 1)
    out = compare(o, d, grid(fill, 1), MarchRule(UNIT_BOX, near=0.05), seed=3, step=step)
    assert (len(out) == 0) == (fill == 0)


@pytest.mark.parametrize("cone", [0.0, 1 / 256, 1 / 16])
@pytest.mark.parametrize("step", [None, 7])
def test_levels_and_growing_steps(device, cone, step):
    o, d = tricky_rays(30, 2, half=4)
    rule = MarchRule(box(4), near=0.1, cone_angle=cone, max_samples_per_ray=10**6)
    compare(o, d, grid(0.1, 4), rule, exact=cone == 0, seed=3, step=step)


def test_steps_stop_growing(device):
    o, d = tricky_rays(10, 3, half=8)
    rule = MarchRule(box(8), cone_angle=1 / 16, max_step=0.1)
    out = compare(o, d, grid(0.3, 5), rule, exact=False)
    length = (out.t_ends - out.t_starts).numpy()
    assert length.max() == pytest.approx(0.1, rel=1e-4) and length.min() < 0.05


def test_growing_steps_follow_the_recurrence():
    rule = MarchRule(UNIT_BOX, cone_angle=1 / 256, max_step=0.05)
    ts, dts = reference.lattice(rule, 0.1, 0.25, np.arange(1500))
    expected = np.clip(ts.astype(float) / 256, MIN_STEP, 0.05)
    np.testing.assert_allclose(
        dts, expected, rtol=5e-3
    )  # one border step may go by the slower rule
    np.testing.assert_allclose(np.diff(ts.astype(float)), expected[:-1], rtol=6e-3)


def test_far_and_an_off_centre_box_bound_the_samples(device):
    o, d = tricky_rays(30, 4)
    rule = MarchRule([0.2, 0.1, 0.3, 0.9, 0.6, 0.8], near=0.4, far=1.4)
    out = compare(o, d, grid(1.0, 1), rule)
    mid = 0.5 * (out.t_starts + out.t_ends).numpy()
    assert mid.min() >= 0.4 and mid.max() <= 1.4
    rays = out.ray_indices.numpy()
    points = o[rays] + mid[:, None] * d[rays]
    assert (points > np.array([0.2, 0.1, 0.3]) - 1e-5).all() and (
        points < np.array([0.9, 0.6, 0.8]) + 1e-5
    ).all()


def test_rendering_starts_at_the_entry_and_intervals_abut(device):
    out, _ = march(
        np.float32([[-1, 0.3, 0.4]]), np.float32([[1, 0, 0]]), grid(1.0, 1), MarchRule(UNIT_BOX)
    )
    starts, ends = out.t_starts.numpy(), out.t_ends.numpy()
    assert starts[0] == pytest.approx(1.0, abs=1e-6) and len(starts) == math.ceil(
        1 / MIN_STEP - 0.5
    )
    np.testing.assert_allclose(starts[1:], ends[:-1], atol=3e-7)


def test_jitter_is_uniform_in_one_step(device):
    n = 4096
    o, d = np.tile(np.float32([-1, 0.3, 0.4]), (n, 1)), np.tile(np.float32([1, 0, 0]), (n, 1))
    rule = MarchRule(UNIT_BOX, max_samples_per_ray=1)
    out, _ = march(o, d, grid(1.0, 1), rule, seed=5, step=2)
    u = (0.5 * (out.t_starts + out.t_ends).numpy() - 1) / MIN_STEP
    assert u.min() >= -1e-3 and u.max() <= 1.001
    np.testing.assert_allclose(np.histogram(u, 8, (0, 1))[0] / n, 0.125, atol=0.03)


def test_most_samples_per_ray(device):
    o, d = tricky_rays(20, 5)
    out = compare(o, d, grid(0.5, 1), MarchRule(UNIT_BOX, max_samples_per_ray=17))
    assert out.packed_info.numpy()[:, 1].max() == 17


def test_budget_drops_whole_rays_from_the_end(device):
    o, d = tricky_rays(50, 6)
    rule = MarchRule(UNIT_BOX)
    free = compare(o, d, grid(0.3, 1), rule)
    budget = len(free) // 2
    out = compare(o, d, grid(0.3, 1), rule, max_samples=budget)
    assert budget - 1024 < len(out) <= budget and out.wanted == len(free)
    assert len(compare(o, d, grid(0.3, 1), rule, max_samples=len(free))) == len(free)


def test_no_rays(device):
    out, _ = march(
        np.zeros((0, 3), np.float32),
        np.zeros((0, 3), np.float32),
        grid(1.0, 1),
        MarchRule(UNIT_BOX),
    )
    assert len(out) == 0 and list(out.packed_info.shape) == [0, 2]


def test_rays_that_are_not_finite_end(device):
    o = np.float32([[np.nan, 0, 0], [0.5, 0.5, 0.5], [np.inf, 0.5, 0.5], [1e30, 0.5, 0.5]])
    d = np.float32([[1, 0, 0], [np.nan, 0, 0], [-1, 0, 0], [-1, 0, 0]])
    out, _ = march(o, d, grid(1.0, 1), MarchRule(UNIT_BOX))
    assert len(out) <= 4 * 1024


def test_more_rays_than_a_thread_takes_at_once(device):
    o, d = tricky_rays(1100, 9)
    out = compare(o, d, grid(0.1, 1), MarchRule(UNIT_BOX, near=0.05), seed=3, step=7)
    assert out.ray_indices.numpy()[-1] > 1024


@pytest.mark.parametrize("cone", [0.0, 1 / 64])
def test_same_bits_for_any_number_of_threads(cone):
    o, d = tricky_rays(1100, 7)
    rule = MarchRule(UNIT_BOX, cone_angle=cone)

    def run():
        out, _ = march(o, d, grid(0.2, 1), rule, seed=1, step=4, max_samples=60_000)
        return [v.numpy() for v in (out.t_starts, out.t_ends, out.ray_indices, out.packed_info)]

    for one, two in zip(with_threads(1, run), with_threads(2, run), strict=True):
        np.testing.assert_array_equal(one, two)


def test_wrong_arguments_are_named():
    o, d = (jt.array(v) for v in tricky_rays(1, 8))
    field = build_bitfield(jt.array(grid(1.0, 1)), 0.01, RES)
    with pytest.raises(ValueError, match="no grid of resolution 64"):
        ray_march(o, d, field.bits, field.blocks, MarchRule(UNIT_BOX), 64)
    with pytest.raises(ValueError, match="max_samples is 0"):
        ray_march(o, d, field.bits, field.blocks, MarchRule(UNIT_BOX), RES, max_samples=0)
