"""Schedules against their formulas, written out."""

import math
import pickle
from typing import get_args

import numpy as np
import pytest

from jnerf.checks.arguments import signature_of
from jnerf.checks.types import mismatch
from jnerf.errors import ConfigError
from jnerf.registry import LOSSES, OPTIMS, SAMPLERS
from jnerf.schedules import Scheduled, ends_of, make_schedule


@pytest.mark.parametrize("value", [3, 0.5, np.float32(0.5), np.int64(2)])
def test_number_is_constant(value):
    rate = make_schedule(value)
    assert rate(0) == rate(10**9) == float(value)
    assert type(rate(0)) is float


def test_linear():
    rate = make_schedule(dict(schedule="linear", value=1.0, end=3.0, steps=(10, 20)))
    assert [rate(s) for s in (0, 10, 15, 20, 99)] == [1.0, 1.0, 2.0, 3.0, 3.0]


def test_exponential_is_stairs():
    rate = make_schedule(
        dict(schedule="exponential", value=1e-2, start=20000, every=10000, factor=0.33)
    )
    for step in (0, 19999, 20000, 29999, 30000, 34999, 123456):
        power = math.floor((step - 20000) / 10000) + 1 if step >= 20000 else 0
        assert rate(step) == pytest.approx(1e-2 * 0.33**power, rel=1e-12)
    assert rate(20000) == pytest.approx(3.3e-3)


def test_log_linear_with_delay():
    keys = dict(schedule="log_linear", value=5e-4, end=5e-6, steps=(0, 1000))
    rate = make_schedule(keys)
    assert rate(0) == pytest.approx(5e-4)
    assert rate(500) == pytest.approx(math.sqrt(5e-4 * 5e-6))
    assert rate(2000) == pytest.approx(5e-6)
    slow = make_schedule(dict(keys, delay_steps=100, delay_mult=0.1))
    assert slow(0) == pytest.approx(5e-5)
    assert slow(50) == pytest.approx(rate(50) * (0.1 + 0.9 * math.sin(math.pi / 4)))
    assert slow(100) == pytest.approx(rate(100))


def test_cosine_with_warmup():
    rate = make_schedule(dict(schedule="cosine", value=2.0, end=1.0, steps=(10, 110), warmup=10))
    assert rate(0) == 0.0
    assert rate(5) == pytest.approx(1.0)
    assert rate(10) == pytest.approx(2.0)
    assert rate(35) == pytest.approx(1.5 + 0.5 * math.cos(math.pi / 4))
    assert rate(110) == rate(500) == pytest.approx(1.0)


def test_numpy_values_and_pickle():
    steps = [np.int64(0), 4]
    rate = make_schedule(dict(schedule="linear", value=np.float64(0), end=1, steps=steps))
    assert rate(1) == 0.25
    assert pickle.loads(pickle.dumps(rate)) == rate


LINEAR = dict(schedule="linear", value=1.0, end=0.0, steps=(0, 10))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("fast", "'value' must be a finite number, got 'fast'"),
        (True, "'value' must be a finite number, got True"),
        (float("nan"), "'value' must be a finite number, got nan"),
        ({"value": 1.0}, "needs the key 'schedule'. Valid: constant, linear"),
        (dict(LINEAR, schedule="liner"), "unknown schedule 'liner'. Did you mean 'linear'? "),
        (dict(LINEAR, schedule=3), "unknown schedule 3"),
        (
            dict(LINEAR, endd=1),
            "schedule 'linear' has no key 'endd'. Did you mean 'end'? Valid: value, end, steps",
        ),
        (
            dict(schedule="linear", value=1.0, end=2.0),
            "schedule 'linear' needs the key 'steps'. Keys: value, end, steps",
        ),
        (dict(LINEAR, steps=(10, 10)), "'steps' must be two integers (first, last)"),
        (dict(LINEAR, steps=10), "'steps' must be two integers (first, last)"),
        (dict(LINEAR, steps=(0, 1.5)), "got (0, 1.5)"),
        (dict(LINEAR, end=None), "'end' must be a finite number, got None"),
        (
            dict(schedule="exponential", value=1, every=0, factor=0.5),
            "'every' must be an integer of at least 1, got 0",
        ),
        (
            dict(schedule="exponential", value=1, every=5, factor=-1),
            "'factor' must be positive, got -1",
        ),
        (
            dict(LINEAR, schedule="log_linear"),
            "'end' of a log_linear schedule must be positive, got 0.0",
        ),
        (
            dict(LINEAR, schedule="cosine", warmup=-1),
            "'warmup' must be an integer of at least 0, got -1",
        ),
    ],
)
def test_errors(keys, message):
    with pytest.raises(ConfigError) as caught:
        make_schedule(keys)
    assert message in str(caught.value)


@pytest.mark.parametrize("annotation", [Scheduled, Scheduled | None])
def test_annotation_checks_numbers_and_dicts(annotation):
    assert mismatch(0.5, annotation) is None
    good = dict(schedule="linear", value=np.float32(1), end=0, steps=(0, np.int64(5)))
    assert mismatch(good, annotation) is None
    wrong = mismatch(dict(schedule="liner", value=1), annotation)
    assert wrong.path == () and "unknown schedule 'liner'. Did you mean 'linear'?" in wrong.text
    assert "a schedule dict needs the key 'schedule'" in mismatch({}, annotation).text
    assert mismatch("fast", annotation).text.startswith("expected float or dict")


def test_numbers_that_may_change_say_so():
    """A bare ``float | dict`` would let a wrong schedule through the config check."""
    annotations = {}
    for registry in (LOSSES, OPTIMS, SAMPLERS):
        registry.load()
        for name in registry.names():
            for key, parameter in signature_of(registry.get(name)).parameters.items():
                annotations[f"{name}.{key}"] = parameter.annotation
    scheduled = {key for key, kind in annotations.items() if kind == Scheduled}
    assert {"Adam.lr", "RMSprop.lr", "HuberLoss.weight", "EikonalFieldLoss.weight"} <= scheduled
    assert annotations["OccupancySampler.step_size"] == Scheduled | None
    assert [
        k
        for k, kind in annotations.items()
        if dict in get_args(kind) and {int, float} & set(get_args(kind))
    ] == []


def test_exponential_begins_anew():
    keys = dict(schedule="exponential", value=1e-2, every=1, factor=0.9)
    plain, rate = make_schedule(keys), make_schedule(dict(keys, restart=[10, 25]))
    for step in range(40):
        since = step - (25 if step >= 25 else 10 if step >= 10 else 0)
        assert rate(step) == plain(since)
    assert rate(24) < rate(10) == rate(25) == rate(0) == pytest.approx(9e-3)
    for wrong in ([10, 10], [0], (5, 3), 4, [1.5]):
        with pytest.raises(ConfigError, match="'restart' must be a list of steps that rise, from"):
            make_schedule(dict(keys, restart=wrong))


@pytest.mark.parametrize(
    ("keys", "ends"),
    [
        (0.5, (0.5, 0.5)),
        (dict(schedule="linear", value=2, end=0, steps=(3, 9)), (2, 0)),
        (dict(schedule="cosine", value=2, end=1, steps=(3, 9), warmup=2), (0, 1)),
        (dict(schedule="log_linear", value=2, end=1, steps=(0, 9)), (2, 1)),
        (dict(schedule="exponential", value=2, every=5, factor=0.5, start=5), (2, 2)),
    ],
)
def test_ends_are_those_of_the_line(keys, ends):
    assert ends_of(make_schedule(keys)) == pytest.approx(ends)
