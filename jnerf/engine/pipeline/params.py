"""The trainable parameters of a whole pipeline, in groups that are named after their place in the config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jittor as jt

from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.models.networks.base import Network, trainable


def network_groups(network: Network, encoders: Mapping[str, Encoder]) -> dict[str, list[jt.Var]]:
    """Groups ``encoder.<name>`` of the encoders that the network keeps, ``network`` and ``network.<part>``.

    Args:
        network: the field.
        encoders: those of the config, by name.
    """
    kept = {id(encoder) for encoder in network.encoders()}
    groups = {
        f"encoder.{name}": trainable(encoder)
        for name, encoder in encoders.items()
        if id(encoder) in kept
    }
    return groups | _named("network", network)


def other_groups(modules: Mapping[str, Any]) -> dict[str, list[jt.Var]]:
    """Groups ``<block>`` and ``<block>.<part>`` of modules that have parameters of their own.

    Args:
        modules: dataset, sampler, renderer and losses, by the place of their block in the config.
    """
    found: dict[str, list[jt.Var]] = {}
    for block, module in modules.items():
        found |= _named(block, module)
    return found


def check_once(groups: Mapping[str, list[jt.Var]]) -> None:
    """Raises ConfigError where a parameter is in two groups: it would be trained twice a step."""
    home: dict[int, str] = {}
    for name, params in groups.items():
        for param in params:
            if home.setdefault(id(param), name) != name:
                raise ConfigError(
                    f"a parameter {list(param.shape)} is in the groups {home[id(param)]!r} and {name!r}: each belongs "
                    "to one, see param_groups()"
                )


def _named(block: str, module: Any) -> dict[str, list[jt.Var]]:
    """The groups of a module by their full names.

    Raises:
        ConfigError: ``param_groups()`` gives something else than lists of Vars by name.
    """
    parts = module.param_groups()
    fits = isinstance(parts, Mapping) and all(
        isinstance(params, (list, tuple)) and all(isinstance(p, jt.Var) for p in params)
        for params in parts.values()
    )
    if not fits:
        raise ConfigError(
            f"{block}: {type(module).__name__}.param_groups() must give lists of Vars by name, such as "
            f'{{"": [self.weight]}}, not {parts!r}'[:400]
        )
    return {f"{block}.{part}" if part else block: list(params) for part, params in parts.items()}
