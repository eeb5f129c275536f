"""Whether the modules of a pipeline fit together: asked once, before any step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jnerf.datasets.base import Dataset
from jnerf.errors import ConfigError
from jnerf.models.losses.base import Loss
from jnerf.models.networks.base import Network
from jnerf.models.renderers.base import Renderer
from jnerf.optims.base import Optimiser
from jnerf.optims.grouped import GroupedOptimiser
from jnerf.registry import DATASETS, NETWORKS, RENDERERS, Registry
from jnerf.samplers.base import Sampler

#: What there is for a loss beside what the renderer ``provides``, and what every batch has; datasets may declare more.
RENDER_CHANNELS = frozenset({"background"})
BATCH_CHANNELS = frozenset({"rays", "rgba"})


def check_channels(
    dataset: Dataset,
    network: Network,
    renderer: Renderer,
    losses: Mapping[str, Loss],
    sampler: Sampler,
) -> None:
    """Checks that each module gets the channels that it requires.

    Raises:
        ConfigError: names the missing channel, who needs it, what there is, and who could provide it.
    """
    _require("sampler", sampler, network.provides, network, "network", NETWORKS)
    lacking = sampler.requires_field - network.offers
    if lacking:
        able = [name for name in _loaded(NETWORKS) if lacking <= NETWORKS.get(name).offers]
        raise ConfigError(
            f"sampler: {type(sampler).__name__} asks for the field's {', '.join(sorted(lacking))}, which network "
            f"{type(network).__name__} has not. Choose another sampler, or a network that has: {', '.join(able)}"
        )
    _require("renderer", renderer, network.provides, network, "network", NETWORKS)
    trained = renderer.provides if renderer.trains is None else renderer.trains
    rendered = RENDER_CHANNELS | trained
    truths = BATCH_CHANNELS | dataset.provides
    for name, loss in losses.items():
        _require(f"loss.{name}", loss, rendered | truths, renderer, "renderer", RENDERERS, DATASETS)
        lacking = loss.requires_field - network.offered()
        if lacking:
            raise ConfigError(
                f"loss.{name}: {type(loss).__name__} is of the field's {', '.join(sorted(lacking))}, which network "
                f"{type(network).__name__} has not. Set loss.{name}=None, or choose another network"
            )


def check_cameras(dataset: Dataset, network: Network, optim: Optimiser | None) -> None:
    """Checks that cameras which learn can, and at a rate that was meant for radians and field units.

    Raises:
        ConfigError: the network gives no gradients to rays, or cameras would learn at the rate of the weights.
    """
    if dataset.learned is not None and not network.trains_rays:
        raise ConfigError(
            f"dataset.cameras: network {type(network).__name__} gives no gradients to rays, so cameras cannot learn. "
            "Set dataset.cameras=None, or take the cameras that another method learned (jnerf export cameras)"
        )
    group = optim.options.get("dataset.cameras") if isinstance(optim, GroupedOptimiser) else None
    if group is not None and not (group.own_lr or group.frozen):
        raise ConfigError(
            f"dataset.cameras: cameras would learn at the weights' rate, optim.lr ({group.lr(0):g} at first), which is "
            "some radians in a hundred steps. Give them their own: optim.groups.dataset.cameras.lr=1e-3"
        )


def check_fit(evaluation: Mapping[str, Any], network: Network) -> None:
    """Checks that there is what tests are to fit to pictures.

    Raises:
        ConfigError: the network keeps no numbers of images.
    """
    if evaluation.get("fit") == "appearance" and network.appearance is None:
        raise ConfigError(
            f"evaluation.fit is 'appearance', but network {type(network).__name__} keeps none: give it an argument "
            "appearance if it takes one, or set evaluation.fit='exposure' or 'none'"
        )


def check_rounds(
    sampler: Sampler, network: Network, renderer: Renderer, losses: Mapping[str, Loss]
) -> None:
    """Checks that the rounds that losses read exist, and have what the losses read of them.

    Raises:
        ConfigError: names the loss, what it reads, and what the sampler or the network has.
    """
    n = sampler.earlier_rounds
    if network.earlier_rounds not in (None, n):
        raise ConfigError(
            f"network {type(network).__name__} has fields of its own for {network.earlier_rounds} earlier rounds, but "
            f"sampler {type(sampler).__name__} has {n} of them: give as many proposals, or none, or another sampler"
        )
    for name, loss in losses.items():
        if loss.reads not in ("one", "all"):
            raise ConfigError(
                f"loss.{name}: {type(loss).__name__}.reads is {loss.reads!r}; it must be 'one' or 'all'"
            )
        read = loss.earlier_rounds(n)
        wants_all = loss.reads == "all" and not n
        if wants_all or any(number >= n for number in read):
            wanted = "it reads all rounds" if wants_all else f"round is {max(read)}"
            rounds = f"earlier rounds 0 .. {n - 1}" if n else "no earlier round"
            mend = "another round" if n else "a sampler with several rounds (HierarchicalSampler)"
            off = f"Set loss.{name}=None, or choose" if len(losses) > 1 else "Choose"
            raise ConfigError(
                f"loss.{name}: {wanted}, but sampler {type(sampler).__name__} has {rounds}. {off} {mend}"
            )
        if read and network.earlier_provides is not None:
            _check_earlier(name, loss, network, renderer)


def _check_earlier(name: str, loss: Loss, network: Network, renderer: Renderer) -> None:
    """Checks a loss that reads rounds for which the network provides less than for the last."""
    given = network.earlier_provides
    asked = renderer.requires if renderer.earlier_requires is None else renderer.earlier_requires
    lacking = asked - given - {"rgbs"}  # without colours it renders weights
    if "rgbs" not in given:
        lacking |= loss.requires & {"colors"}
    if lacking:
        raise ConfigError(
            f"loss.{name}: {type(loss).__name__} reads an earlier round, for which network {type(network).__name__} "
            f"provides only {_list(given)}: {_list(lacking)} cannot be had. Set loss.{name}=None, or a loss of weights "
            "instead"
        )


def _require(
    path: str, user: Any, offered: frozenset, giver: Any, family: str, *registries: Registry
) -> None:
    if isinstance(user.requires, str):
        raise ConfigError(
            f"{path}: {type(user).__name__}.requires is {user.requires!r}; write {{{user.requires!r}}}"
        )
    missing = frozenset(user.requires) - frozenset(offered)
    if not missing:
        return
    candidates = sorted(
        f"{registry.name} {name}{how}"
        for registry in registries
        for name in _loaded(registry)
        if (how := _provided(registry, registry.get(name), missing)) is not None
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


def _provided(registry: Registry, cls: Any, missing: frozenset) -> str | None:
    """How a class provides channels: "" as it is, " with ..." some arguments; None: it does not."""
    optional = cls.optional if registry is NETWORKS else {}
    # on a class, ``provides`` may be a property that only instances can answer
    provides = cls.provides if isinstance(cls.provides, (frozenset, set)) else frozenset()
    lacking = missing - provides
    if not lacking <= set(optional):
        return None
    return f" with {', '.join(sorted({optional[name] for name in lacking}))}" if lacking else ""


def _list(channels: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in sorted(channels)) or "nothing"
