"""The strict check: every block against the constructor of the class that it names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from jnerf.checks.arguments import argument_problems, signature_of
from jnerf.checks.origin import complaint
from jnerf.checks.suggest import hint, nearest
from jnerf.config.block import Block
from jnerf.config.custom import import_custom
from jnerf.config.schema import SCHEMA
from jnerf.config.validate import missing_problems, schema_problems
from jnerf.errors import ConfigError
from jnerf.registry import REGISTRIES, Registry

#: What the engine supplies to datasets; the other facts come from them.
OF_DATASETS = frozenset({"split", "seed", "total_steps"})

#: Arguments that the engine supplies to whichever constructor has them.
FACTS = frozenset(
    {
        "split",
        "seed",
        "aabb",
        "near",
        "far",
        "n_images",
        "silhouettes",
        "surface",
        "cameras",
        "params",
        "total_steps",
        "n_dims",
        "encoders",
    }
)


def check(
    config: Block, registries: Mapping[str, Registry] = REGISTRIES, complete: bool = True
) -> None:
    """Find everything in a config that would not build.

    Imports ``custom_imports`` and the modules of the families (and so Jittor). Builds nothing.

    Args:
        config: as loaded.
        registries: the families by block name.
        complete: whether all that a run needs must be there; else what is there is checked, as of a config that
            others inherit from.

    Raises:
        ConfigError: one line per problem: file, line, path, what is allowed.
    """
    import_custom(config)
    problems = schema_problems(config, SCHEMA) + (missing_problems(config) if complete else [])
    if not complete:
        config = _typed_blocks(config)
    for name, facts in (("dataset", OF_DATASETS), ("sampler", FACTS)):
        problems += _block_problems(config.get(name), registries[name], name, facts, complete)
    problems += _encoder_problems(config, registries, complete)
    renderer = config.get("renderer")
    problems += _block_problems(renderer, registries["renderer"], "renderer", complete=complete)
    problems += _loss_problems(config.get("loss"), registries["loss"], complete)
    for name in ("optim", "ema"):
        problems += _block_problems(config.get(name), registries["optim"], name, complete=complete)
    if problems:
        raise ConfigError("\n".join(dict.fromkeys(problems)))


def _typed_blocks(config: Block) -> Block:
    """The config without those blocks of single modules that have no type yet: nothing can be said of them."""
    untyped = [
        name
        for name in ("dataset", "sampler", "network", "renderer", "optim", "ema")
        if isinstance(config.get(name), Mapping) and "type" not in config[name]
    ]
    copied = config.copy()
    for name in untyped:
        del copied[name]
    return copied


def _block_problems(
    block: Any,
    registry: Registry,
    path: str,
    facts: Collection[str] = FACTS,
    complete: bool = True,
) -> list[str]:
    if block is None:
        return []
    try:
        cls = registry.resolve(block, path)
    except ConfigError as error:
        return [str(error)]
    return argument_problems(cls, block, path, facts, complete)


def _encoder_problems(
    config: Block, registries: Mapping[str, Registry], complete: bool
) -> list[str]:
    """The encoders, and the network that takes them by name."""
    encoders = config.get("encoder")
    network = config.get("network")
    if not isinstance(encoders, Mapping):
        return _block_problems(network, registries["network"], "network", complete=complete)
    if "type" in encoders:
        text = "encoders need names: encoder = dict(pos_encoder=dict(type=...), ...)"
        return [complaint(encoders, "type", "encoder", text)]
    problems = []
    given = list(encoders)
    for name in given:
        problems += _named_block(encoders, name, "encoder", registries["encoder"], complete)
    facts = FACTS | set(given)
    problems += _block_problems(network, registries["network"], "network", facts, complete)
    return problems + _unused_encoders(encoders, given, network, registries["network"])


def _unused_encoders(
    encoders: Block, given: list[str], network: Any, registry: Registry
) -> list[str]:
    """Encoders whose name looks like a misspelt argument of the network.

    An encoder that the network has no use for is no mistake: networks can be swapped, and one that takes ``encoders``
    takes any name.
    """
    try:
        parameters = signature_of(registry.resolve(network, "network")).parameters
    except ConfigError:
        return []
    if "encoders" in parameters:
        return []
    taken = {*given, *network, *FACTS}
    open_ones = [name for name in parameters if name not in taken]
    problems = []
    for name in given:
        if name not in parameters and nearest(name, open_ones) is not None:
            text = f"{network['type']} takes no encoder of that name. {hint(name, open_ones)}"
            problems.append(complaint(encoders, name, f"encoder.{name}", text))
    return problems


def _loss_problems(loss: Any, registry: Registry, complete: bool) -> list[str]:
    if not isinstance(loss, Mapping):
        return []
    if "type" in loss:
        terms = [key for key, item in loss.items() if isinstance(item, Mapping) and "type" in item]
        if terms:
            text = (
                f"the loss is a single {loss['type']} here. For several, name each: "
                f'loss = dict(_delete_=True, rgb=dict(type="{loss["type"]}"), {terms[0]}=dict(...))'
            )
            return [complaint(loss, terms[0], f"loss.{terms[0]}", text)]
        return _block_problems(loss, registry, "loss", complete=complete)
    problems = []
    for name, term in loss.items():
        if term is not None:  # a term set to None is off
            problems += _named_block(loss, name, "loss", registry, complete)
    return problems


def _named_block(
    parent: Block, name: str, path: str, registry: Registry, complete: bool
) -> list[str]:
    inner = f"{path}.{name}"
    if not isinstance(parent[name], Mapping):
        text = f"expected dict(type=...), got {type(parent[name]).__name__} {parent[name]!r}"
        return [complaint(parent, name, inner, text)]
    near = nearest(name, [other for other in parent if other != name])
    if "type" not in parent[name] and near is not None:
        text = f"no 'type', and there is a '{path}.{near}'. Did you mean '{near}'?"
        return [complaint(parent, name, inner, text)]
    if "type" not in parent[name] and not complete:
        return []
    return _block_problems(parent[name], registry, inner, complete=complete)
