"""What optimisers share: groups of parameters and their options, and states that are saved and loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import jittor as jt
import numpy as np

from jnerf.checks.suggest import hint
from jnerf.errors import ConfigError

Slot = TypeVar("Slot")


def check_groups(
    groups: Mapping[str, Any], params: Mapping[str, list], known: Sequence[str]
) -> None:
    """Raises ConfigError unless every group of options is of ``params`` and has only ``known`` keys."""
    for name, options in groups.items():
        if name not in params:
            raise ConfigError(f"groups: no parameter group {name!r}. {hint(name, params)}")
        if not isinstance(options, Mapping):
            raise ConfigError(f"groups.{name} is {options!r}; give a dict of {', '.join(known)}")
        for key in options:
            if key not in known:
                raise ConfigError(f"groups.{name}: unknown option {key!r}. {hint(key, known)}")


def bind_slots(
    slots: Mapping[str, list[Slot]],
    params: Mapping[str, list[jt.Var]],
    make: Callable[[str, jt.Var], Slot],
) -> dict[str, list[Slot]]:
    """Slots of ``params``, by group: those there are, known by their ``param``, or new ones, ``make(group, param)``."""
    known = {id(slot.param): slot for group in slots.values() for slot in group}
    return {
        name: [known.get(id(var)) or make(name, var) for var in group]
        for name, group in params.items()
    }


def take(state: Mapping[str, np.ndarray], mine: Mapping[str, jt.Var]) -> None:
    """Puts the saved arrays of the same names into ``mine``, in place."""
    for key, var in mine.items():
        var.update(jt.array(np.ascontiguousarray(state[key])).stop_grad())
    jt.sync(list(mine.values()))
