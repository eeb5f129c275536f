"""The seven registries: a config's ``type="Name"`` finds its class here.

    @SAMPLERS.register()
    class MySampler: ...

    sampler = SAMPLERS.build(dict(type="MySampler", n_samples=64), aabb=aabb)

A registry imports the modules of its package when a name is asked for that it does not know yet, so
that nothing has to be imported by hand and a command line that builds nothing stays fast.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from jnerf.checks.arguments import argument_problems, signature_of
from jnerf.checks.origin import complaint, key_blamed
from jnerf.checks.suggest import hint
from jnerf.errors import ConfigError

Class = TypeVar("Class", bound=type)


class Registry:
    """Classes of one family, by name.

    Args:
        name: what one member is called in messages and in the config, for example ``sampler``.
        package: dotted package whose modules register members; None when they register themselves.
        siblings: the other registries, by name; this one adds itself. Used to say where a misplaced
            type belongs.
        base: "module:Class" that every member derives from; None when any class will do.
    """

    def __init__(
        self,
        name: str,
        package: str | None = None,
        siblings: dict[str, Registry] | None = None,
        base: str | None = None,
    ) -> None:
        self.name = name
        self.package = package
        self._base = base
        self._loaded = package is None
        self._classes: dict[str, type] = {}
        self._siblings = siblings if siblings is not None else {}
        self._siblings[name] = self

    def __repr__(self) -> str:
        return f"Registry({self.name!r}: {', '.join(self.names()) or 'empty'})"

    def register(self, name: str | None = None) -> Callable[[Class], Class]:
        """Decorator that adds a class under its own name, or under ``name``.

        Raises:
            ConfigError: another class has that name, or the class does not derive from the family's base. Defining
                the same class again (a notebook cell run twice, a reloaded module) replaces it.
        """

        def add(cls: Class) -> Class:
            if not isinstance(cls, type):
                raise TypeError(f"only classes can be registered as a {self.name}, got {cls!r}")
            self._check_base(cls)
            key = name or cls.__name__
            held = self._classes.get(key, cls)
            if (held.__module__, held.__qualname__) != (cls.__module__, cls.__qualname__):
                raise ConfigError(
                    f"two classes are registered as {self.name} '{key}': {_full_name(held)} and "
                    f"{_full_name(cls)}. Rename one of them, or register it under another name"
                )
            self._classes[key] = cls
            return cls

        return add

    def _check_base(self, cls: type) -> None:
        if self._base is None:
            return
        module, name = self._base.split(":")
        if not issubclass(cls, getattr(importlib.import_module(module), name)):
            above = ", ".join(base.__name__ for base in cls.__bases__)
            raise ConfigError(
                f"{_full_name(cls)} cannot be a {self.name}: it derives from {above}, not from {module}.{name}, which "
                f"says what the others may ask of it. Write: from {module} import {name}, then class "
                f"{cls.__name__}({name}):"
            )

    def names(self) -> list[str]:
        """The names registered so far, sorted; imports nothing."""
        return sorted(self._classes)

    def load(self) -> None:
        """Import every module of the package, however deep, so that its classes register themselves."""
        if self._loaded:
            return
        _import_all(self.package)
        self._loaded = True

    def get(self, name: str) -> type:
        """The class registered under a name.

        Raises:
            ConfigError: no such name; says which is nearest, which there are, and whether another
                registry has it.
        """
        if not isinstance(name, str):
            raise ConfigError(f"the type of a {self.name} must be a string, got {name!r}")
        if name not in self._classes:
            self.load()
        if name not in self._classes:
            elsewhere = self._found_elsewhere(name)
            raise ConfigError(
                f"unknown {self.name} '{name}'. {elsewhere}{hint(name, self.names(), 'Registered')}"
            )
        return self._classes[name]

    def resolve(self, cfg: Mapping[str, Any], path: str | None = None) -> type:
        """The class that a block's ``type`` names; errors carry file, line and path.

        Raises:
            ConfigError: the block is no dict, has no ``type``, or names an unknown one.
        """
        path = path or self.name
        if not isinstance(cfg, Mapping):
            raise ConfigError(f"{path}: expected dict(type=...), got {type(cfg).__name__} {cfg!r}")
        if "type" not in cfg:
            self.load()
            text = f"no 'type'. Choose one of: {', '.join(self.names()) or '(none registered)'}"
            raise ConfigError(complaint(cfg, None, path, text))
        try:
            cls = self.get(cfg["type"])
        except ConfigError as error:
            raise ConfigError(complaint(cfg, "type", f"{path}.type", str(error))) from None
        if inspect.isabstract(cls):
            lacking = ", ".join(sorted(cls.__abstractmethods__))
            text = f"{cls.__name__} does not define {lacking}, which every {self.name} has"
            raise ConfigError(complaint(cfg, "type", f"{path}.type", text))
        return cls

    def build(self, cfg: Mapping[str, Any], path: str | None = None, **facts: Any) -> Any:
        """Make an object from a config block.

        Args:
            cfg: ``type`` and constructor arguments; it is copied, never kept.
            path: where the block is in the config, for messages; the registry's name by default.
            facts: offered to the constructor: each is passed if there is a parameter of that name
                and ``cfg`` does not set it.

        Raises:
            ConfigError: unknown type, unknown or missing argument, wrong value type, or whatever
                ConfigError the constructor raises, with config file, line and path put in front.
        """
        path = path or self.name
        cls = self.resolve(cfg, path)
        problems = argument_problems(cls, cfg, path, facts)
        if problems:
            raise ConfigError("\n".join(problems))
        known = signature_of(cls).parameters
        arguments = {key: value for key, value in facts.items() if key in known}
        arguments.update({key: _copy(value) for key, value in cfg.items() if key != "type"})
        try:
            return cls(**arguments)
        except ConfigError as error:
            text = str(error).removeprefix(f"{cls.__name__}: ")
            key = key_blamed(cfg, text)
            raise ConfigError(complaint(cfg, key, path, f"{cls.__name__}: {text}")) from error

    def _found_elsewhere(self, name: str) -> str:
        for other in self._siblings.values():
            if other is not self:
                other.load()
                if name in other._classes:
                    return f"That name is registered as: {other.name}. "
        return ""


def _import_all(name: str) -> None:
    """Imports a module and, if it is a package, all that is below it, however deep."""
    module = importlib.import_module(name)
    for inner in pkgutil.iter_modules(vars(module).get("__path__", ())):
        _import_all(f"{name}.{inner.name}")


def _full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _copy(value: Any) -> Any:
    """Config containers as fresh plain ones, so that no module can change the config."""
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_copy(item) for item in value)
    return value


#: The seven families, by the name of their config block (``ema`` blocks are optims as well).
REGISTRIES: dict[str, Registry] = {}

DATASETS = Registry("dataset", "jnerf.datasets", REGISTRIES, "jnerf.datasets.base:Dataset")
SAMPLERS = Registry("sampler", "jnerf.samplers", REGISTRIES, "jnerf.samplers.base:Sampler")
ENCODERS = Registry("encoder", "jnerf.encoders", REGISTRIES, "jnerf.encoders.base:Encoder")
NETWORKS = Registry(
    "network", "jnerf.models.networks", REGISTRIES, "jnerf.models.networks.base:Network"
)
RENDERERS = Registry(
    "renderer", "jnerf.models.renderers", REGISTRIES, "jnerf.models.renderers.base:Renderer"
)
LOSSES = Registry("loss", "jnerf.models.losses", REGISTRIES, "jnerf.models.losses.base:Loss")
OPTIMS = Registry("optim", "jnerf.optims", REGISTRIES, "jnerf.optims.base:Optim")
# Cameras and exposures that learn: no families of their own but blocks inside of a dataset's.
CAMERAS = Registry("camera", "jnerf.datasets.placement.refinement")
EXPOSURES = Registry("exposure", "jnerf.datasets.pictures.exposure")
#: By the path of their block.
INNER: dict[str, Registry] = {"dataset.cameras": CAMERAS, "dataset.exposure": EXPOSURES}
