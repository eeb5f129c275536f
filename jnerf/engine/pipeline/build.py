"""From a config to the seven modules, wired: the only place that knows who is handed to whom.

Scene facts flow one way: dataset -> sampler, encoders, network, renderer, losses, optimiser. Each
constructor takes the facts that it has a parameter for (jnerf.registry).
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jittor as jt
import numpy as np

from jnerf.checks.arguments import signature_of
from jnerf.checks.origin import complaint
from jnerf.datasets.base import Dataset
from jnerf.encoders.base import Encoder
from jnerf.engine.pipeline.compatible import check_cameras, check_channels, check_fit, check_rounds
from jnerf.engine.pipeline.padding import choose_padding
from jnerf.engine.pipeline.params import check_once, network_groups, other_groups
from jnerf.errors import ConfigError
from jnerf.models.losses.base import Loss
from jnerf.models.networks.base import Network
from jnerf.models.renderers.base import Renderer
from jnerf.optims.base import Average, Optim, Optimiser
from jnerf.registry import DATASETS, ENCODERS, LOSSES, NETWORKS, OPTIMS, RENDERERS, SAMPLERS
from jnerf.samplers.base import Sampler


@dataclass(frozen=True)
class Pipeline:
    """A method on a scene.

    Attributes:
        dataset: the training split.
        facts: scene facts (aabb, near, far, n_images, cameras, n_dims), seed and total_steps.
        sampler: places samples on rays.
        encoders: by their name in the config.
        network: the field, the encoders that it uses inside.
        renderer: samples and field output to colours.
        losses: by term name; empty when not built for training.
        optim: None when not built for training.
        ema: averaged weights, None when the config has none.
    """

    dataset: Dataset
    facts: Mapping[str, Any]
    sampler: Sampler
    encoders: Mapping[str, Encoder]
    network: Network
    renderer: Renderer
    losses: Mapping[str, Loss]
    optim: Optimiser | None
    ema: Average | None

    def param_groups(self) -> dict[str, list[jt.Var]]:
        """Trainable parameters by their place in the config: "encoder.pos_encoder", "network", "dataset.cameras" ..."""
        return network_groups(self.network, self.encoders) | self.other_params()

    def other_params(self) -> dict[str, list[jt.Var]]:
        """Those of modules other than the network."""
        return other_groups(
            {"dataset": self.dataset, "sampler": self.sampler, "renderer": self.renderer}
            | {f"loss.{name}": loss for name, loss in self.losses.items()}
        )

    @cached_property
    def rounds_read(self) -> frozenset[int]:
        """Numbers of the earlier rounds of samples that a loss reads."""
        n = self.sampler.earlier_rounds
        return frozenset().union(*(loss.earlier_rounds(n) for loss in self.losses.values()))

    def keepers(self) -> dict[str, Optim]:
        """Who keeps something of each parameter: ``optim`` and ``ema``, where there are."""
        found = {"optim": self.optim, "ema": self.ema}
        return {name: keeper for name, keeper in found.items() if keeper is not None}

    def rebind(self) -> None:
        """Hands the parameters anew to who keeps them; needed after a network has replaced some."""
        params = self.param_groups()
        for keeper in self.keepers().values():
            keeper.rebind(params)


def build_pipeline(
    config: Any,
    training: bool = True,
    dataset: Dataset | None = None,
    before: Callable[[Dataset], None] = lambda dataset: None,
) -> Pipeline:
    """Builds and checks the modules that a config names, with every random generator seeded.

    Args:
        config: the resolved config.
        training: also build losses and optimiser.
        dataset: a scene instead of the config's.
        before: is given the scene before there is anything else.

    Raises:
        ConfigError: unknown type or argument, or a module needs a channel that none before it
            provides.
        DataError: the scene cannot be read.
    """
    seed_everything(config.seed)
    if dataset is None:
        dataset = scene_of(config, config.dataset, "train")
    before(dataset)
    return wire(config, training, dataset)


def wire(config: Any, training: bool, dataset: Dataset) -> Pipeline:
    """Builds and checks the modules for a scene, with the random generators as they are; see ``build_pipeline``."""
    facts = facts_of(config, dataset)
    sampler = SAMPLERS.build(config.sampler, path="sampler", **facts)
    encoders = {
        name: ENCODERS.build(block, path=f"encoder.{name}", **facts)
        for name, block in (config.get("encoder") or {}).items()
        if block is not None
    }
    given = {"encoders": encoders, **encoders, **facts}
    network = NETWORKS.build(config.network, path="network", **given)
    renderer = RENDERERS.build(config.renderer, path="renderer", **facts)
    losses = build_losses(config, facts) if training else {}
    pipeline = Pipeline(dataset, facts, sampler, encoders, network, renderer, losses, None, None)
    params = pipeline.param_groups()
    check_once(params)
    optim = _keeper(config.optim, "optim", Optimiser, params, facts) if training else None
    ema = _keeper(config.ema, "ema", Average, params, facts) if config.get("ema") else None
    check_channels(dataset, network, renderer, losses, sampler)
    check_rounds(sampler, network, renderer, losses)
    check_cameras(dataset, network, optim)
    check_fit(config.get("evaluation") or {}, network)
    choose_padding(sampler, renderer, losses)
    return replace(pipeline, optim=optim, ema=ema)


def facts_of(config: Any, dataset: Dataset) -> dict[str, Any]:
    """What every constructor may ask for, by name: the scene's facts, and the run's ``seed`` and ``total_steps``."""
    return {**dataset.facts(), "seed": config.seed, "total_steps": config.total_steps}


def build_losses(config: Any, facts: Mapping[str, Any]) -> dict[str, Loss]:
    """The losses of a config, by term name.

    Raises:
        ConfigError: unknown type or argument, or a value is out of its range.
    """
    blocks = loss_blocks(config.loss).items()
    return {
        name: LOSSES.build(block, path=_loss_path(config.loss, name), **facts)
        for name, block in blocks
    }


def _keeper(
    block: Mapping[str, Any], path: str, kind: type, params: Mapping[str, list], facts: Mapping
) -> Any:
    """An optimiser or an average, with its parameters; the other one in its place is an error."""
    cls = OPTIMS.resolve(block, path)
    if not issubclass(cls, kind):
        what = "an optimiser" if kind is Optimiser else "an average of the weights"
        names = [name for name in OPTIMS.names() if issubclass(OPTIMS.get(name), kind)]
        text = f"{cls.__name__} is not {what}. Choose one of: {', '.join(names)}"
        raise ConfigError(complaint(block, "type", f"{path}.type", text))
    keeper = OPTIMS.build(block, path=path, params=params, **facts)
    if "params" not in signature_of(cls).parameters:
        keeper.rebind(params)
    return keeper


def build_dataset(config: Any, split: str) -> Dataset:
    """The scene's dataset of another split, for evaluation; one whose class knows no splits warns.

    Args:
        config: the resolved config; a ``split`` in its dataset block is that of training and is
            replaced; nothing is learned of its images (``Dataset.following``), and they are as they are.
        split: for example ``test``.
    """
    block = type(config.dataset)(config.dataset)
    for key in ("split", "cameras", "exposure", "disturb"):
        block.pop(key, None)
    found = scene_of(config, block, split)
    known = signature_of(type(found)).parameters
    if split != "train" and found.n_images and "split" not in known:
        warnings.warn(
            f"{type(found).__name__} takes no 'split': its {split} views are those that it is trained on. Give its "
            "constructor an argument split ('train', 'val' or 'test') by which it chooses its images",
            stacklevel=2,
        )
    return found


def scene_of(config: Any, block: Mapping[str, Any], split: str) -> Dataset:
    """The dataset of a block, which may be the config's own with some keys left out.

    Args:
        config: gives the run's ``seed`` and ``total_steps``.
        block: of the dataset.
        split: train, val or test.
    """
    run = {"seed": config.seed, "total_steps": config.total_steps}
    return DATASETS.build(block, path="dataset", split=split, **run)


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
