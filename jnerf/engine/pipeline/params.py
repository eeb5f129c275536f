"""The trainable parameters of a whole pipeline, in groups that are named after their place in the config."""

from __future__ import annotations

from collections.abc import Mapping

import jittor as jt

from jnerf.encoders.base import Encoder
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
    return groups | _named("network", network.param_groups())


def other_groups(modules: Mapping[str, object]) -> dict[str, list[jt.Var]]:
    """Groups ``<block>`` and ``<block>.<part>`` of modules that have parameters of their own.

    Args:
        modules: dataset, sampler, renderer and losses, by the place of their block in the config.
    """
    found: dict[str, list[jt.Var]] = {}
    for block, module in modules.items():
        found |= _named(block, module.param_groups())
    return found


def _named(block: str, parts: Mapping[str, list[jt.Var]]) -> dict[str, list[jt.Var]]:
    return {f"{block}.{part}" if part else block: list(params) for part, params in parts.items()}
