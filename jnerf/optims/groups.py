"""The ``groups`` block of an optimiser: options for parameters, by their place in the config.

``groups = dict(encoder=dict(sparse=True, proposal_0=dict(lr=1e-3)), network=dict(clip_norm=1.0))`` gives ``sparse`` to
all encoders, and ``lr`` to the one that is ``encoder.proposal_0`` in the config; so does the key "encoder.proposal_0".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jnerf.checks.suggest import hint
from jnerf.errors import ConfigError
from jnerf.schedules import make_schedule

Schedule = Callable[[int], float]

#: Options that every optimiser knows.
COMMON = ("lr", "clip_norm", "frozen", "every")


@dataclass(frozen=True)
class GroupOptions:
    """What holds for one group of parameters.

    Attributes:
        lr: learning rate by step.
        own_lr: whether it is this group's own, not the common one.
        clip_norm: most that the gradients of the group may measure, all of them as one vector; None: anything.
        frozen: it is not trained.
        every: by step, the distance between the steps that train it.
        own: options of this kind of optimiser.
    """

    lr: Schedule
    own_lr: bool
    clip_norm: float | None
    frozen: bool
    every: Schedule
    own: Mapping[str, Any]

    def due(self, step: int) -> bool:
        """Whether training step ``step`` trains the group."""
        return not self.frozen and step % max(round(self.every(step)), 1) == 0


def options_of(
    groups: Mapping[str, Any], names: Sequence[str], lr: float | dict, known: Collection[str] = ()
) -> dict[str, GroupOptions]:
    """The options of each group; those of a longer place overrule those of a shorter one.

    Args:
        groups: as above.
        names: of the groups that there are.
        lr: of groups that have none of their own.
        known: options of this kind of optimiser, beside ``COMMON``.

    Raises:
        ConfigError: no group lies at a place, an option is unknown, or a common one has a wrong value.
    """
    places = _places(groups, "", names, (*COMMON, *known))
    found = {}
    for name in names:
        merged: dict[str, Any] = {}
        for place in sorted(places, key=len):
            if _holds(place, name):
                merged |= places[place]
        rate = make_schedule(merged.get("lr", lr))
        if rate(0) < 0:
            raise ConfigError(f"{name}: the learning rate is {rate(0):g}; it must be at least 0")
        found[name] = GroupOptions(
            lr=rate,
            own_lr="lr" in merged,
            clip_norm=merged.get("clip_norm"),
            frozen=merged.get("frozen", False),
            every=make_schedule(merged.get("every", 1)),
            own={key: merged[key] for key in known if key in merged},
        )
    if names and all(options.frozen for options in found.values()):
        raise ConfigError("groups: every group is frozen, so nothing would be trained")
    return found


def _holds(place: str, name: str) -> bool:
    return name == place or name.startswith(f"{place}.")


def _places(
    groups: Mapping[str, Any], above: str, names: Sequence[str], known: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Options by place, checked."""
    found: dict[str, dict[str, Any]] = {}
    for key, value in groups.items():
        place = f"{above}.{key}" if above else key
        if above and key in known:
            _check_common(above, key, value)
            found.setdefault(above, {})[key] = value
        elif above and not isinstance(value, Mapping):
            raise ConfigError(f"groups.{above}: unknown option {key!r}. {hint(key, known)}")
        elif not any(_holds(place, name) for name in names):
            raise ConfigError(f"groups: no parameter group {place!r}. {hint(place, names)}")
        elif not isinstance(value, Mapping):
            raise ConfigError(f"groups.{place} is {value!r}; give a dict of {', '.join(known)}")
        else:
            found.setdefault(place, {})
            for inner, options in _places(value, place, names, known).items():
                found[inner] = found.get(inner, {}) | options
    return found


def _check_common(place: str, key: str, value: Any) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if key == "frozen" and not isinstance(value, bool):
        raise ConfigError(f"groups.{place}: frozen is {value!r}; give True or False")
    if key == "clip_norm" and value is not None and not (number and value > 0):
        raise ConfigError(f"groups.{place}: clip_norm is {value!r}; give a number above 0, or None")
    if key == "every" and not isinstance(value, Mapping):
        if not (isinstance(value, int) and number and value >= 1):
            raise ConfigError(
                f"groups.{place}: every is {value!r}; give a whole number of steps from 1 on, or a schedule"
            )
