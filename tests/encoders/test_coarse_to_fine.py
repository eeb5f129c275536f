"""Levels that fade in: BARF's weights, on frequencies and on a hash grid, and the gradients that go with them."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.coarse_to_fine import level_weights
from jnerf.encoders.frequency import FrequencyEncoder
from jnerf.encoders.hash_grid import HashGridEncoder
from jnerf.errors import ConfigError

GRID = {
    "n_levels": 4,
    "log2_table_size": 9,
    "min_resolution": 4,
    "max_resolution": 32,
    "init_scale": 1.0,
}
OPENING = dict(schedule="linear", value=1, end=4, steps=(0, 30))


def positions(n: int) -> jt.Var:
    return jt.array(np.random.default_rng(0).random((n, 3)).astype(np.float32))


def test_weights_are_those_of_barf():
    a = np.linspace(0, 5, 41)
    for k in range(5):
        part = np.clip(a - k, 0, 1)
        found = [level_weights(x, 5)[k] for x in a]
        np.testing.assert_allclose(found, (1 - np.cos(np.pi * part)) / 2, atol=1e-12)


@pytest.mark.parametrize("include_input", [True, False])
def test_frequencies_fade_in(device, include_input):
    how = {"n_frequencies": 4, "include_input": include_input}
    whole, fading = (
        FrequencyEncoder(**how),
        FrequencyEncoder(**how, coarse_to_fine={**OPENING, "value": 0}),
    )
    x, head = positions(50).stop_grad(), 3 * include_input
    for step in (0, 5, 12, 30):
        fading.update(step)
        weights = np.concatenate([np.ones(head), np.repeat(level_weights(4 * step / 30, 4), 6)])
        np.testing.assert_allclose(fading(x).numpy(), whole(x).numpy() * weights, atol=1e-6)


@pytest.mark.parametrize("step", [0, 4, 15, 40])
def test_levels_of_a_grid_fade_in_and_are_known_again(device, step):
    whole, fading = HashGridEncoder(**GRID), HashGridEncoder(**GRID, coarse_to_fine=OPENING)
    fading.update(step)
    weights = level_weights(min(1 + step / 10, 4), 4)
    assert fading.active_levels == (weights > 0).sum()
    expected = whole(positions(90)).numpy() * weights[:, None, None]
    x = positions(90)
    features = fading(x)
    np.testing.assert_allclose(features.numpy(), expected, atol=1e-6)
    factors = jt.array(np.random.default_rng(1).normal(size=features.shape).astype(np.float32))
    grads = [
        [g.numpy() for g in jt.grad((out * factors).sum(), [fading.table, x])]
        for out in (features, fading.known(x, features.detach()))
    ]
    np.testing.assert_array_equal(fading.known(x, features.detach()).numpy(), features.numpy())
    for once, again in zip(*grads, strict=True):
        assert np.abs(once).max() > 0
        np.testing.assert_allclose(again, once, atol=1e-5 * np.abs(once).max())


@pytest.mark.parametrize(
    "make",
    [
        lambda: FrequencyEncoder(n_frequencies=5, coarse_to_fine=OPENING),
        lambda: HashGridEncoder(**GRID, interpolation="smoothstep", coarse_to_fine=OPENING),
    ],
)
def test_pull_is_the_gradient_by_positions(make):
    encoder = make()
    encoder.update(12)
    x = positions(40)
    features = encoder(x)
    grad = jt.array(np.random.default_rng(1).normal(size=features.shape).astype(np.float32))
    expected = jt.grad((features * grad).sum(), x).numpy()
    found = encoder.pull(x.stop_grad(), features.detach(), grad).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_schedules_that_begin_out_of_range_are_refused():
    with pytest.raises(
        ConfigError, match="coarse_to_fine begins with 0 levels; it must be in 1 .. 4"
    ):
        HashGridEncoder(**GRID, coarse_to_fine={**OPENING, "value": 0})
    with pytest.raises(ConfigError, match="begins with 9 levels"):
        FrequencyEncoder(n_frequencies=5, coarse_to_fine=9.0)


def test_schedules_that_end_with_no_level_are_refused():
    closing = {**OPENING, "value": 2, "end": 0}
    with pytest.raises(
        ConfigError, match="coarse_to_fine ends with 0 levels; it must be 1 or more"
    ):
        HashGridEncoder(**GRID, coarse_to_fine=closing)
    FrequencyEncoder(n_frequencies=5, coarse_to_fine=closing)  # the position itself is left
    more = HashGridEncoder(**GRID, coarse_to_fine={**OPENING, "end": 9})
    more.update(30)
    assert more.active_levels == 4
