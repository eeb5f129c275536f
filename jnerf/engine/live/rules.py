"""Which settings may change while a run trains, and why the others may not."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from jnerf.engine.guards.same_run import flat_settings

#: Settings that count from the next step on.
CHANGEABLE = (
    "optim.lr",
    "optim.groups",
    "loss.weight",
    "loss.*.weight",
    "log_every",
    "evaluation.every",
    "evaluation.steps",
    "evaluation.n_images",
    "checkpoint.every",
    "checkpoint.keep",
    "chunk",
    "fog_tolerance",
    "render.*",
)

# Why not; the first row that fits counts.
_REASONS = (
    ("dataset.*", "the scene has been read, and the field lies in its box"),
    ("encoder.*", "parameters that are being trained were made by it"),
    ("network.*", "parameters that are being trained were made by it"),
    ("optim.*", "the optimiser keeps numbers for each parameter that depend on it"),
    ("ema.*", "the average so far depends on it"),
    ("sampler.*", "its grid and its counts go by it"),
    ("renderer.*", "what has been learnt goes by it"),
    ("loss.*", "losses are checked against the modules when they are built"),
    ("evaluation.*", "the test split was prepared with it"),
    ("total_steps", "schedules and modules were checked against it; go on with --resume for more"),
    ("seed", "all random numbers follow from it"),
)
_OTHERWISE = "it was used when the run began"


def changeable(path: str) -> bool:
    """Whether a setting may change while a run trains.

    >>> changeable("optim.lr"), changeable("loss.rgb.weight"), changeable("dataset.scale")
    (True, True, False)
    """
    return any(fnmatchcase(path, pattern) for pattern in CHANGEABLE)


def reason(path: str) -> str:
    """Why a setting cannot change while a run trains.

    >>> reason("network.width")
    'parameters that are being trained were made by it'
    """
    return next((why for pattern, why in _REASONS if fnmatchcase(path, pattern)), _OTHERWISE)


def differences(now: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """(value now, value wanted) of every setting that differs, by its path."""
    a, b = settings(now), settings(wanted)
    return {p: (a.get(p), b.get(p)) for p in dict.fromkeys([*a, *b]) if a.get(p) != b.get(p)}


def settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """All settings by path, those left to their defaults and those of blocks without a type, as ``evaluation``, too.

    Lists stand for tuples, as in ``flat_settings``.
    """
    found = {}
    for path, value in flat_settings(config).items():
        if "." not in path and isinstance(value, Mapping):
            found |= {f"{path}.{key}": item for key, item in value.items()}
        else:
            found[path] = value
    return found


def learning_rate(config: Mapping[str, Any]) -> Any:
    """What a config's optimiser trains with, by default too; None if it has no learning rate."""
    return config["optim"].get("lr", settings(config).get("optim.lr"))


def look_up(config: Mapping[str, Any], path: str) -> Any:
    """The value of a setting; None where the config leaves it to its default."""
    value: Any = config
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value
