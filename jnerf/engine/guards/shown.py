"""Settings on which pictures of a checkpoint depend: the frames of one film are made with the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jnerf.engine.guards.rules import verdict
from jnerf.engine.guards.same_run import flat_settings
from jnerf.registry import REGISTRIES

#: Of no weight's concern, and so free in ``rules``.
_LOOK = ("network.lod",)
#: Its scene is compared by what lies there.
_NOT = ("dataset.root",)


def shown_with(config: Mapping[str, Any]) -> dict[str, Any]:
    """Those settings of a checked config, by path; without those that change no picture, as ``sampler.look_samples``.

    Args:
        config: of the run.
    """
    blocks = {name: config[name] for name in (*REGISTRIES, "ema") if config.get(name) is not None}
    return {
        path: value
        for path, value in flat_settings(blocks).items()
        if path not in _NOT and (path in _LOOK or verdict(path, "render"))
    }
