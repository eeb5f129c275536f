"""Settings of the test alone: a sweep must know with which a run was tested, though its weights depend on none."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from jnerf.config.schema import EVALUATION
from jnerf.engine.guards.rules import JUDGED
from jnerf.engine.guards.same_run import flat_settings


def judged_with(config: Mapping[str, Any]) -> dict[str, Any]:
    """Those settings of a checked config that are not their defaults, by path; lists stand for tuples, as in JSON.

    Tests of before did not note them, and count as made with the defaults.
    """
    blocks = {name: config[name] for name in ("dataset", "network") if config.get(name)}
    found, default = flat_settings(blocks), flat_settings(_kinds(blocks))
    found |= {f"evaluation.{name}": value for name, value in config.get("evaluation", {}).items()}
    default |= {f"evaluation.{name}": key.default for name, key in EVALUATION.keys.items()}
    return {
        path: value
        for path, value in found.items()
        if any(fnmatchcase(path, pattern) for pattern in JUDGED) and value != default.get(path)
    }


def _kinds(block: Mapping[str, Any]) -> dict[str, Any]:
    """A block with nothing but the types of what is in it."""
    return {
        name: _kinds(value) if isinstance(value, Mapping) else value
        for name, value in block.items()
        if name == "type" or isinstance(value, Mapping)
    }
