"""From a config to the seven modules, wired: the only place that knows who is handed to whom.

Scene facts flow one way: dataset -> sampler, encoders, network, renderer, losses, optimiser. Each
constructor takes the facts that it has a parameter for (jnerf.registry).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jittor as jt
import numpy as np

from jnerf.engine.padding import choose_padding
from jnerf.errors import ConfigError
from jnerf.registry import (
    DATASETS,
    ENCODERS,
    LOSSES,
    NETWORKS,
    OPTIMS,
    RENDERERS,
    SAMPLERS,
    Registry,
)

#: What every renderer and every batch offer to a loss; modules may declare more in ``provides``.
RENDER_CHANNELS = frozenset({"colors", "opacities", "depths", "weights", "trans", "background"})
BATCH_CHANNELS = frozenset({"rays", "rgba"})


@dataclass(frozen=True)
class Pipeline:
    """A method on a scene.

    Attributes:
        dataset: the training split.
        facts: scene facts (aabb, near, far, n_images, cameras), seed and total_steps.
        sampler: places samples on rays.
        network: the field, its encoders inside.
        renderer: samples and field output to colours.
        losses: by term name; empty when not built for training.
        optim: None when not built for training.
        ema: averaged weights, None when the config has none.
    """

    dataset: Any
    facts: Mapping[str, Any]
    sampler: Any
    network: Any
    renderer: Any
    losses: Mapping[str, Any]
    optim: Any | None
    ema: Any | None

    def rebind(self) -> None:
        """Hands the network's parameters anew to who keeps them; needed after a network has replaced some."""
        params = self.network.param_groups()
        for keeper in (self.optim, self.ema):
            if keeper is not None:
                keeper.rebind(params)


def build_pipeline(config: Any, training: bool = True) -> Pipeline:
    """Builds and checks the modules that a config names, with every random generator seeded.

    Args:
        config: the resolved config.
        training: also build losses and optimiser.

    Raises:
        ConfigError: unknown type or argument, or a module needs a channel that none before it
            provides.
        DataError: the scene cannot be read.
    """
    seed_everything(config.seed)
    dataset = DATASETS.build(config.dataset, path="dataset", split="train", seed=config.seed)
    facts = {**dataset.facts(), "seed": config.seed, "total_steps": config.total_steps}
    sampler = SAMPLERS.build(config.sampler, path="sampler", **facts)
    encoders = {
        name: ENCODERS.build(block, path=f"encoder.{name}", n_dims=3, **facts)
        for name, block in (config.get("encoder") or {}).items()
        if block is not None
    }
    network = NETWORKS.build(config.network, path="network", **encoders, **facts)
    renderer = RENDERERS.build(config.renderer, path="renderer", **facts)
    losses: dict[str, Any] = {}
    optim = None
    params = network.param_groups()
    if training:
        blocks = loss_blocks(config.loss)
        losses = {
            name: LOSSES.build(b, path=_loss_path(config.loss, name), **facts)
            for name, b in blocks.items()
        }
        optim = OPTIMS.build(config.optim, path="optim", params=params, **facts)
    ema = OPTIMS.build(config.ema, path="ema", params=params) if config.get("ema") else None
    check_channels(dataset, network, renderer, losses, sampler)
    check_rounds(sampler, losses)
    choose_padding(sampler, renderer, losses)
    return Pipeline(dataset, facts, sampler, network, renderer, losses, optim, ema)


def build_dataset(config: Any, split: str) -> Any:
    """The scene's dataset of another split, for evaluation.

    Args:
        config: the resolved config; a ``split`` in its dataset block is that of training and is
            replaced.
        split: for example ``test``.
    """
    block = type(config.dataset)(config.dataset)
    block.pop("split", None)
    return DATASETS.build(block, path="dataset", split=split, seed=config.seed)


def loss_blocks(block: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Loss terms by name; a block that is itself one loss is the term ``rgb``; terms set to None
    are off.

    >>> loss_blocks({"type": "MSELoss"})
    {'rgb': {'type': 'MSELoss'}}
    """
    if "type" in block:
        return {"rgb": block}
    return {name: term for name, term in block.items() if term is not None}


def _loss_path(block: Mapping[str, Any], name: str) -> str:
    return "loss" if "type" in block else f"loss.{name}"


def seed_everything(seed: int) -> None:
    """Seeds Python, NumPy and Jittor: all that an initialiser may draw from."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    jt.set_global_seed(seed % 2**31)


def check_channels(
    dataset: Any, network: Any, renderer: Any, losses: Mapping[str, Any], sampler: Any = None
) -> None:
    """Checks that each module gets the channels that it requires, before any step.

    Raises:
        ConfigError: names the missing channel, who needs it, what there is, and who could provide
            it.
    """
    field = _channels(network, "provides")
    _require("sampler", sampler, field, network, "network", NETWORKS)
    _require("renderer", renderer, field, network, "network", NETWORKS)
    rendered = RENDER_CHANNELS | _channels(renderer, "provides")
    truths = BATCH_CHANNELS | _channels(dataset, "provides")
    for name, loss in losses.items():
        _require(f"loss.{name}", loss, rendered | truths, renderer, "renderer", RENDERERS, DATASETS)
        lacking = [
            a for a in getattr(loss, "requires_field", ()) if getattr(network, a, None) is None
        ]
        if lacking:
            raise ConfigError(
                f"loss.{name}: {type(loss).__name__} is of the field's {', '.join(lacking)}, which network "
                f"{type(network).__name__} has not. Set loss.{name}=None, or choose another network"
            )


def check_rounds(sampler: Any, losses: Mapping[str, Any]) -> None:
    """Checks that the rounds that losses are of exist.

    Raises:
        ConfigError: names the loss, the round and how many the sampler has.
    """
    earlier = getattr(sampler, "earlier_rounds", 0)
    for name, loss in losses.items():
        number = getattr(loss, "round", None)
        if number is not None and number >= earlier:
            rounds = f"earlier rounds 0 .. {earlier - 1}" if earlier else "no earlier round"
            raise ConfigError(
                f"loss.{name}: round is {number}, but sampler {type(sampler).__name__} has {rounds}. "
                f"Set loss.{name}=None, or choose a sampler with several rounds (HierarchicalSampler)"
            )


def _require(
    path: str, user: Any, offered: frozenset, giver: Any, family: str, *registries: Registry
) -> None:
    missing = _channels(user, "requires") - offered
    if not missing:
        return
    candidates = sorted(
        f"{registry.name} {name}{how}"
        for registry in registries
        for name in _loaded(registry)
        if (how := _provided(registry.get(name), missing)) is not None
    )
    who = (
        f"Provided by: {', '.join(candidates)}."
        if candidates
        else "No registered module provides it."
    )
    raise ConfigError(
        f"{path}: {type(user).__name__} requires {_list(missing)}, but {family} {type(giver).__name__} "
        f"provides only {_list(offered)}. {who} Change the '{family}' or the '{path}' block."
    )


def _loaded(registry: Registry) -> Iterable[str]:
    registry.load()
    return registry.names()


def _provided(cls: type, missing: frozenset) -> str | None:
    """How a class provides channels: "" as it is, " with ..." some arguments; None: it does not."""
    optional = getattr(cls, "optional", {})
    lacking = missing - _channels(cls, "provides")
    if not lacking <= set(optional):
        return None
    return f" with {', '.join(sorted({optional[name] for name in lacking}))}" if lacking else ""


def _channels(module: Any, attribute: str) -> frozenset:
    """A module's channels; on a class, ``provides`` may be a property that only instances can answer."""
    found = getattr(module, attribute, frozenset())
    return frozenset(found) if isinstance(found, (frozenset, set, tuple, list)) else frozenset()


def _list(channels: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in sorted(channels)) or "nothing"
