"""The containers of a loaded config: dicts with attribute access that know their origin."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from typing import Any

from jnerf.checks.origin import Located, Origin, complaint
from jnerf.checks.types import scalar_of
from jnerf.errors import ConfigError

Path = tuple[str | int, ...]
Locate = Callable[[Path], Origin | None]


class Block(Located):
    """A dict whose keys are also attributes.

    Holds only what a file can hold: None, bool, int, float, str, lists, tuples and dicts with
    string keys. Numpy scalars become Python numbers, paths strings, nested dicts blocks.

    Args:
        values: initial keys.

    Raises:
        ConfigError: a value of another kind.

    >>> block = Block(dict(optim=dict(lr=0.01)))
    >>> block.optim.lr
    0.01
    """

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        if isinstance(values, Located):
            place_block(self, values.where_)
            self.origins_.update(values.origins_)
        for key, value in (values or {}).items():
            self[key] = value

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, normalise(value, (key,)))

    def update(self, values: Mapping[str, Any] = (), **named: Any) -> None:
        """Set several keys, each checked as by assignment."""
        for key, value in dict(values, **named).items():
            self[key] = value

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a key, set to ``default`` first when it is absent."""
        if key not in self:
            self[key] = default
        return self[key]

    def __getattr__(self, key: str) -> Any:
        try:
            return self[key]
        except KeyError:
            raise AttributeError(f"no key '{key}'; there are: {', '.join(self)}") from None

    def __setattr__(self, key: str, value: Any) -> None:
        self[key] = value

    def __delattr__(self, key: str) -> None:
        del self[key]

    def copy(self) -> Block:
        """A deep copy, origins included."""
        copied = type(self)({key: copy_value(value) for key, value in self.items()})
        place_block(copied, self.where_)
        copied.origins_.update(self.origins_)
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Block:
        return self.copy()

    def __reduce__(self) -> tuple[Any, ...]:
        # Crosses process borders as plain data; the origins stay behind.
        return type(self), (to_plain(self),)

    def complaint(self, key: str | None, path: str, text: str) -> str:
        """An error line about one key: ``file:line: path: text``."""
        return complaint(self, key, path, text)


class Config(Block):
    """A whole config, as `jnerf.config.load_config` returns it.

    Top-level keys are those of `jnerf.config.schema.SCHEMA`; defaults are filled in.
    """

    def dump(self) -> str:
        """The config as the text of a Python file that loads back equal."""
        from jnerf.config.dump import dump

        return dump(self)

    def diff(self, other: Mapping[str, Any]) -> list[str]:
        """What changes from this config to ``other``, one line per key; empty when equal."""
        from jnerf.config.dump import diff

        return diff(self, other)


def normalise(value: Any, path: Path, locate: Locate | None = None) -> Any:
    """A value as configs hold it.

    Args:
        value: anything.
        path: keys and indices that lead to it, for the message and for ``locate``.
        locate: origin of a path, or None for values that come from Python code.

    Raises:
        ConfigError: the value, or one inside it, cannot be written to a file.
    """
    value = scalar_of(value)
    if isinstance(value, Block) and locate is None:
        return value
    if isinstance(value, Mapping):
        return _block(value, path, locate)
    if isinstance(value, (list, tuple)):
        items = [normalise(item, (*path, index), locate) for index, item in enumerate(value)]
        return tuple(items) if isinstance(value, tuple) else items
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, float) and math.isnan(value):
        raise ConfigError(_place(path, locate) + "nan is no setting; use None for 'not set'")
    if value is not None and not isinstance(value, (bool, int, float, str)):
        advice = "; write .tolist()" if hasattr(value, "tolist") else ""
        raise ConfigError(
            _place(path, locate) + f"a {type(value).__name__} cannot be kept in a config. Allowed: "
            f"None, bool, int, float, str, list, tuple, dict{advice}"
        )
    return value


def copy_value(value: Any) -> Any:
    """A deep copy of a config value."""
    if isinstance(value, Block):
        return value.copy()
    if isinstance(value, (list, tuple)):
        return type(value)(copy_value(item) for item in value)
    return value


def to_plain(value: Any) -> Any:
    """A config value with ordinary dicts in place of blocks."""
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(to_plain(item) for item in value)
    return value


def place_block(block: Block, origin: Origin | None) -> None:
    """Note where a block itself was written."""
    object.__setattr__(block, "where_", origin)


def place(block: Block, key: str, origin: Origin | None) -> None:
    """Note where a key was written."""
    if origin is not None:
        block.origins_[key] = origin


def _block(value: Mapping[Any, Any], path: Path, locate: Locate | None) -> Block:
    block = Block()
    if locate is not None:
        place_block(block, locate(path))
    for key, item in value.items():
        if not isinstance(key, str):
            raise ConfigError(_place(path, locate) + f"keys must be strings, got {key!r}")
        inner = (*path, key)
        dict.__setitem__(block, key, normalise(item, inner, locate))
        place(block, key, locate(inner) if locate is not None else None)
    return block


def _place(path: Path, locate: Locate | None) -> str:
    origin = locate(path) if locate is not None else None
    name = ".".join(map(str, path))
    return f"{origin}: {name}: " if origin is not None else f"{name}: "
