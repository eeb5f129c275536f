"""Numbers that change over training: one idiom for learning rates, loss weights and the like.

Wherever a parameter is annotated ``Scheduled`` a config may write a number or a schedule dict:

    lr = 1e-2
    lr = dict(schedule="linear", value=1e-2, end=1e-4, steps=(0, 5000))
    lr = dict(schedule="exponential", value=1e-2, start=20000, every=10000, factor=0.33)
    lr = dict(schedule="exponential", value=1e-2, every=1, factor=0.9999, restart=(2000, 4000))
    lr = dict(schedule="log_linear", value=5e-4, end=5e-6, steps=(0, 200000), delay_steps=2500)
    lr = dict(schedule="cosine", value=5e-4, end=2.5e-5, steps=(5000, 300000), warmup=5000)

``value`` is always the number at the beginning, ``end`` the one that is kept after ``steps[1]``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any

from jnerf.checks.suggest import hint
from jnerf.checks.types import Checked, scalar_of
from jnerf.errors import ConfigError


@dataclass(frozen=True)
class Constant:
    """The same value at every step."""

    value: float

    def __call__(self, step: int) -> float:
        return float(self.value)


@dataclass(frozen=True)
class Linear:
    """A straight line from ``value`` at ``steps[0]`` to ``end`` at ``steps[1]``; flat outside."""

    value: float
    end: float
    steps: tuple[int, int]

    def __call__(self, step: int) -> float:
        part = _progress(step, self.steps)
        return (1.0 - part) * self.value + part * self.end


@dataclass(frozen=True)
class Exponential:
    """Stairs: ``value``, times ``factor`` at ``start`` and again every ``every`` steps after it.

    At each step of ``restart`` all begins anew, as if that step were 0.
    """

    value: float
    every: int
    factor: float
    start: int = 0
    restart: tuple[int, ...] = ()

    def __call__(self, step: int) -> float:
        step -= max((begin for begin in self.restart if begin <= step), default=0)
        stairs = (step - self.start) // self.every + 1 if step >= self.start else 0
        return self.value * self.factor**stairs


@dataclass(frozen=True)
class LogLinear:
    """A straight line in log space, with an optional soft start (JaxNeRF's learning rate).

    In the first ``delay_steps`` steps the number is multiplied by a quarter sine that rises from
    ``delay_mult`` to 1.
    """

    value: float
    end: float
    steps: tuple[int, int]
    delay_steps: int = 0
    delay_mult: float = 1.0

    def __call__(self, step: int) -> float:
        part = _progress(step, self.steps)
        number = math.exp((1.0 - part) * math.log(self.value) + part * math.log(self.end))
        if self.delay_steps == 0:
            return number
        rise = math.sin(0.5 * math.pi * min(max(step / self.delay_steps, 0.0), 1.0))
        return number * (self.delay_mult + (1.0 - self.delay_mult) * rise)


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from ``value`` to ``end``; the first ``warmup`` steps rise linearly from 0."""

    value: float
    end: float
    steps: tuple[int, int]
    warmup: int = 0

    def __call__(self, step: int) -> float:
        fall = 0.5 * (1.0 + math.cos(math.pi * _progress(step, self.steps)))
        number = self.end + (self.value - self.end) * fall
        return number * min(step / self.warmup, 1.0) if self.warmup else number


SCHEDULES: dict[str, type] = {
    "constant": Constant,
    "linear": Linear,
    "exponential": Exponential,
    "log_linear": LogLinear,
    "cosine": Cosine,
}


def make_schedule(value: float | int | Mapping[str, Any]) -> Callable[[int], float]:
    """Turn a number or a schedule dict into a function of the training step.

    Args:
        value: a number, or a dict with ``schedule`` (one of `SCHEDULES`) and its keys.

    Returns:
        A picklable callable: step (from 0) -> float.

    Raises:
        ConfigError: unknown schedule, unknown or missing key, or a value that makes no sense; the
            message names the key and what is allowed.

    >>> rate = make_schedule(dict(schedule="linear", value=0.0, end=1.0, steps=(0, 10)))
    >>> rate(5), make_schedule(0.1)(5)
    (0.5, 0.1)
    """
    if not isinstance(value, Mapping):
        _require_number("value", value)
        return Constant(float(value))
    keys = dict(value)
    if "schedule" not in keys:
        kinds = ", ".join(SCHEDULES)
        raise ConfigError(f"a schedule dict needs the key 'schedule'. Valid: {kinds}")
    kind = keys.pop("schedule")
    if not isinstance(kind, str) or kind not in SCHEDULES:
        raise ConfigError(f"unknown schedule {kind!r}. {hint(str(kind), SCHEDULES)}")
    return _build(kind, keys)


def ends_of(schedule: Callable[[int], float]) -> tuple[float, float]:
    """What a schedule of `make_schedule` begins with, and where its line ends: twice the same without a line.

    Where both are above 0, all values are: the stairs of an exponential come close to it, but do not reach it.

    >>> ends_of(make_schedule(dict(schedule="linear", value=2.0, end=0.0, steps=(5, 10))))
    (2.0, 0.0)
    """
    steps = getattr(schedule, "steps", None)
    return schedule(0), schedule(steps[1] if steps else 0)


def schedule_problem(value: Any) -> str | None:
    """What is wrong with a schedule dict of a config; None for a good one, and for a number.

    >>> schedule_problem(dict(schedule="liner", value=1.0))[:47]
    "unknown schedule 'liner'. Did you mean 'linear'"
    """
    if not isinstance(value, Mapping):
        return None
    try:
        make_schedule({key: scalar_of(item) for key, item in value.items()})
    except ConfigError as error:
        return str(error)
    return None


#: The annotation of a parameter that takes a number or a schedule dict; a config's is checked before anything is built.
Scheduled = Annotated[float | dict, Checked(schedule_problem)]
#: The same of a number that is rounded to a whole one.
ScheduledCount = Annotated[int | dict, Checked(schedule_problem)]


def _build(kind: str, keys: dict[str, Any]) -> Callable[[int], float]:
    known = {entry.name: entry.default is MISSING for entry in fields(SCHEDULES[kind])}
    for key in keys:
        if key not in known:
            raise ConfigError(f"schedule '{kind}' has no key '{key}'. {hint(str(key), known)}")
    for key, required in known.items():
        if required and key not in keys:
            raise ConfigError(f"schedule '{kind}' needs the key '{key}'. Keys: {', '.join(known)}")
    checked = {key: _check(kind, key, number) for key, number in keys.items()}
    return SCHEDULES[kind](**checked)


def _check(kind: str, key: str, value: Any) -> Any:
    """One entry of a schedule dict, as its class wants it; raises ConfigError when it is wrong."""
    if key == "steps":
        return _step_range(value)
    if key == "restart":
        return _rising(value)
    if key in ("start", "every", "warmup", "delay_steps"):
        least = 1 if key == "every" else 0
        if not _is_integer(value) or value < least:
            raise ConfigError(f"'{key}' must be an integer of at least {least}, got {value!r}")
        return int(value)
    _require_number(key, value)
    if kind == "log_linear" and key in ("value", "end") and value <= 0:
        raise ConfigError(f"'{key}' of a log_linear schedule must be positive, got {value!r}")
    if key == "factor" and value <= 0:
        raise ConfigError(f"'factor' must be positive, got {value!r}")
    return float(value)


def _step_range(value: Any) -> tuple[int, int]:
    good = isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_is_integer, value))
    if not good or not 0 <= value[0] < value[1]:
        raise ConfigError(
            f"'steps' must be two integers (first, last), 0 <= first < last, got {value!r}"
        )
    return int(value[0]), int(value[1])


def _rising(value: Any) -> tuple[int, ...]:
    """Steps that rise, from 1 on."""
    good = isinstance(value, (list, tuple)) and all(map(_is_integer, value))
    if not good or list(value) != sorted(set(value)) or min(value, default=1) < 1:
        raise ConfigError(f"'restart' must be a list of steps that rise, from 1 on, got {value!r}")
    return tuple(int(step) for step in value)


def _is_integer(value: Any) -> bool:
    # numpy integers have __index__ as well; bool has too, but True is no step.
    return hasattr(value, "__index__") and not isinstance(value, bool)


def _require_number(key: str, value: Any) -> None:
    # __float__ tells numbers, numpy's included, from strings.
    good = hasattr(value, "__float__") and not isinstance(value, bool)
    if not good or not math.isfinite(value):
        raise ConfigError(f"'{key}' must be a finite number, got {value!r}")


def _progress(step: int, steps: tuple[int, int]) -> float:
    """How far ``step`` is between the two steps, clamped to [0, 1]."""
    return min(max((step - steps[0]) / (steps[1] - steps[0]), 0.0), 1.0)
