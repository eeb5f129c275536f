"""Losses of depth: their formulas in NumPy, gradients by differences, which rays and rounds count."""

import math
from dataclasses import replace

import jittor as jt
import numpy as np
import pytest

from jnerf.errors import ConfigError
from jnerf.models.losses.depth import (
    DepthL1Loss,
    DepthL2Loss,
    LineOfSightLoss,
    RayTerminationLoss,
)
from jnerf.structures import Batch, RaySamples, RenderOutput

SIGMA = 0.05
LOSSES = {
    "termination": RayTerminationLoss(SIGMA),
    "sight": LineOfSightLoss(4 * SIGMA),
    "l1": DepthL1Loss(),
    "l2": DepthL2Loss(),
}
COUNTS = (7, 0, 5, 9, 4)
TRUTH = np.float32(
    [1.3, 1.0, 0.0, 1.7, 1.1]
)  # of the second nothing is seen, of the third nothing is known


def rays(seed=0, counts=COUNTS):
    """Intervals from 1 on, and weights, of rays with so many samples."""
    random, starts, ends, weights = np.random.default_rng(seed), [], [], []
    for n in counts:
        edges = 1 + np.sort(random.random(n + 1))
        starts, ends = [*starts, *edges[:-1][:n]], [*ends, *edges[1:][:n]]
        weights = [*weights, *(random.random(n) / max(n, 1))]
    firsts = np.cumsum(counts) - counts
    packed = np.stack([firsts, counts], axis=1)
    return *(np.float64(v) for v in (starts, ends, weights)), packed


def given(starts, ends, weights, packed, **more):
    """What a loss gets."""
    indices = np.repeat(np.arange(len(packed)), packed[:, 1]).astype(np.int32)
    t = [jt.array(v.astype(np.float32)) for v in (starts, ends)]
    samples = RaySamples(
        rays=list(packed), t_starts=t[0], t_ends=t[1], ray_indices=jt.array(indices),
        packed_info=jt.array(packed.astype(np.int32)), **more,
    )  # fmt: skip
    return RenderOutput(None, None, None, jt.array(weights.astype(np.float32)), None), samples


def batch(truth=TRUTH, error=None):
    extras = {"depth": jt.array(np.float32(truth)[:, None])}
    extras |= {} if error is None else {"depth_error": jt.array(np.float32(error)[:, None])}
    return Batch(None, None, extras)


def of_ray(kind, starts, ends, weights, truth):
    """One ray's loss, float64."""
    t, d = (starts + ends) / 2, ends - starts
    if kind == "termination":
        return -(np.log(weights + 1e-7) * np.exp(-((t - truth) ** 2) / (2 * SIGMA)) * d).sum()
    error = (weights * t).sum() - truth
    if kind != "sight":
        return abs(error) if kind == "l1" else error**2
    margin = 4 * SIGMA
    bump = 3 / (margin * math.sqrt(2))
    erf = np.vectorize(math.erf, otypes=["d"])
    mass = 0.5 * (erf((ends - truth) * bump) - erf((starts - truth) * bump))
    near = np.where(np.abs(t - truth) <= margin, (weights - mass) ** 2, 0)
    return error**2 + near.sum() + np.where(t < truth - margin, weights**2, 0).sum()


def right(kind, starts, ends, weights, packed, truth=TRUTH, factors=None):
    found, factors = [], np.ones(len(truth)) if factors is None else factors
    for (first, count), known, factor in zip(packed, truth, factors, strict=True):
        part = slice(first, first + count)
        if known > 0:
            seen = of_ray(kind, starts[part], ends[part], weights[part], float(known))
            found.append(factor * seen)
    return np.mean(found)


@pytest.mark.parametrize("kind", LOSSES)
def test_values_and_gradients(kind):
    starts, ends, weights, packed = rays()
    render, samples = given(starts, ends, weights, packed)
    value = LOSSES[kind].value(render, batch(), samples)
    assert value.item() == pytest.approx(right(kind, starts, ends, weights, packed), rel=1e-4)
    grad = jt.grad(value, render.weights).numpy()
    h, differences = 1e-6, []
    for step in h * np.eye(len(weights)):
        ahead, behind = (right(kind, starts, ends, weights + s, packed) for s in (step, -step))
        differences.append((ahead - behind) / (2 * h))
    np.testing.assert_allclose(grad, differences, rtol=1e-3, atol=1e-5)
    assert not grad[packed[2, 0] : packed[2].sum()].any() and grad.any()


@pytest.mark.parametrize("kind", LOSSES)
def test_padding_and_dropped_rays_change_nothing(kind):
    starts, ends, weights, packed = rays()
    plain = LOSSES[kind].value(*(g := given(starts, ends, weights, packed))[:1], batch(), g[1])
    padding = np.zeros(6)
    padded = (np.concatenate([v, padding]) for v in (starts, ends, weights))
    more = np.concatenate([packed, [[25, 0]]])  # one more ray, which did not fit
    render, samples = given(*padded, packed)
    indices = np.repeat(np.arange(5), packed[:, 1])
    samples = replace(
        samples,
        ray_indices=jt.array(np.concatenate([indices, np.full(6, 5)]).astype(np.int32)),
        packed_info=jt.array(more.astype(np.int32)),
        live=jt.array(np.float32([1, 1, 1, 1, 1, 0])[:, None]),
    )
    known = batch([*TRUTH, 1.5])
    found = LOSSES[kind].value(render, known, samples)
    assert found.item() == pytest.approx(plain.item(), rel=1e-6)
    assert LOSSES[kind].takes_padding and LOSSES[kind].extent(render, known, samples).item() == 4
    assert np.isfinite(jt.grad(found, render.weights).numpy()).all()


@pytest.mark.parametrize("kind", LOSSES)
def test_nothing_known_and_nothing_seen_are_finite(kind):
    render, samples = given(*rays())
    value = LOSSES[kind].value(render, batch(np.zeros(5)), samples)
    assert value.item() == 0 and not jt.grad(value, render.weights).numpy().any()
    render, samples = given(*rays(counts=(0, 0)))
    assert np.isfinite(LOSSES[kind].value(render, batch([1, 2]), samples).item())


def test_weights_that_are_0_have_finite_gradients():
    starts, ends, weights, packed = rays()
    render, samples = given(starts, ends, 0 * weights, packed)
    for loss in LOSSES.values():
        grad = jt.grad(loss.value(render, batch(), samples), render.weights).numpy()
        assert np.isfinite(grad).all()


def test_every_round_counts_alike_or_one_alone():
    parts = [rays(seed, counts) for seed, counts in enumerate(((9,) * 5, (6,) * 5, COUNTS))]
    made = [given(*part) for part in parts]
    samples = replace(made[-1][1], history=tuple(s for _, s in made[:-1]))
    render = replace(made[-1][0], history=tuple(r for r, _ in made[:-1]))
    each = [right("termination", *part) for part in parts]
    every = RayTerminationLoss(SIGMA)
    assert every.earlier_rounds(2) == {0, 1} and every.earlier_rounds(0) == frozenset()
    assert every(render, batch(), samples, 0).item() == pytest.approx(np.mean(each), rel=1e-4)
    one, last = RayTerminationLoss(SIGMA, round=1), RayTerminationLoss(SIGMA, every_round=False)
    assert one.earlier_rounds(2) == {1} and last.earlier_rounds(2) == frozenset()
    assert one(render, batch(), samples, 0).item() == pytest.approx(each[1], rel=1e-4)
    assert last(render, batch(), samples, 0).item() == pytest.approx(each[2], rel=1e-4)
    weights = [render.weights, *(r.weights for r in render.history)]
    assert all(g.numpy().any() for g in jt.grad(every(render, batch(), samples, 0), weights))


def test_errors_of_points_weigh_and_widen():
    arrays = rays()
    render, samples = given(*arrays)
    error = np.array([0.5, 1, 1, 2, 0.1])
    known = batch(error=error)
    for kind, loss in (
        ("termination", RayTerminationLoss(SIGMA, weigh_errors=True)),
        ("l2", DepthL2Loss(weigh_errors=True)),
    ):
        wanted = right(kind, *arrays, factors=2 * np.exp(-(error**2)))
        assert loss.value(render, known, samples).item() == pytest.approx(wanted, rel=1e-4)
        assert loss.requires == {"weights", "depth", "depth_error"}
    # a wider one is as if sigma were larger
    alike = batch(error=np.full(5, 2.0))
    wide = RayTerminationLoss(SIGMA / 2, widen_errors=True)
    assert wide.requires == {"weights", "depth", "depth_error"}
    wanted = right("termination", *arrays)
    assert wide.value(render, alike, samples).item() == pytest.approx(wanted, rel=1e-4)


def test_the_width_follows_a_schedule():
    render, samples = given(*rays())
    loss = RayTerminationLoss(dict(schedule="linear", value=0.2, end=SIGMA, steps=(0, 10)))
    assert loss(render, batch(), samples, 10).item() == pytest.approx(
        right("termination", *rays()), rel=1e-4
    )
    assert loss(render, batch(), samples, 0).item() > loss(render, batch(), samples, 10).item()


def test_what_cannot_be_is_refused():
    with pytest.raises(ConfigError, match="LineOfSightLoss: sigma is 0.0; it must be above 0"):
        LineOfSightLoss(sigma=0)
    falling = dict(schedule="linear", value=0.1, end=0.0, steps=(0, 10))
    with pytest.raises(ConfigError, match="RayTerminationLoss: sigma is 0.0; it must be above 0"):
        RayTerminationLoss(sigma=falling)
    never = dict(schedule="exponential", value=0.1, every=10, factor=0.5)
    assert LineOfSightLoss(sigma=never).sigma == 0.05
    with pytest.raises(ConfigError, match="round is 0 and every_round True"):
        DepthL1Loss(every_round=True, round=0)
