"""The top level of a config against its schema: unknown keys, value types, defaults."""

from __future__ import annotations

from typing import Any

from jnerf.checks.suggest import hint
from jnerf.checks.types import mismatch
from jnerf.config.block import Block, copy_value, normalise
from jnerf.config.schema import SCHEMA, Key
from jnerf.errors import ConfigError


def validate(config: Block, schema: dict[str, Key] = SCHEMA) -> None:
    """Raise one ConfigError that lists everything wrong with the top level and its plain blocks.

    Args:
        config: the merged config.
        schema: the keys that it may have.
    """
    problems = schema_problems(config, schema)
    if problems:
        raise ConfigError("\n".join(problems))


def schema_problems(block: Block, schema: dict[str, Key], path: str = "") -> list[str]:
    """What is wrong with a block's keys and values, one line each."""
    problems = []
    for name, value in block.items():
        where = f"{path}{name}"
        key = schema.get(name)
        if key is None:
            text = f"unknown key. {hint(name, schema)}"
            if not path:
                text += ". (Begin the names of helper variables with an underscore.)"
            problems.append(block.complaint(name, where, text))
            continue
        wrong = mismatch(value, key.type)
        if wrong is not None:
            inner = ".".join([where, *map(str, wrong.path)])
            problems.append(block.complaint(name, inner, wrong.text))
        elif key.keys:
            problems += schema_problems(value, key.keys, f"{where}.")
        elif key.minimum is not None:
            problems += _too_small(block, name, where, value, key.minimum)
        elif key.problem is not None and (text := key.problem(value)) is not None:
            problems.append(block.complaint(name, where, text))
    return problems


def missing_problems(config: Block, schema: dict[str, Key] = SCHEMA) -> list[str]:
    """Required keys that a config does not have, one line each."""
    return [
        f"{config.where_ or 'config'}: {name}: missing; a run needs it ({key.doc})"
        for name, key in schema.items()
        if key.required and config.get(name) in (None, {})
    ]


def fill_defaults(config: Block, schema: dict[str, Key] = SCHEMA) -> None:
    """Add the default of every absent setting, in plain blocks too; order as in the schema."""
    written = dict(config)
    config.clear()
    for name, key in schema.items():
        if key.keys:
            inner = written.get(name, Block())
            fill_defaults(inner, key.keys)
            config[name] = inner
        elif name in written:
            config[name] = written[name]
        elif not key.required:
            config[name] = normalise(copy_value(key.default), (name,))


def _too_small(block: Block, name: str, where: str, value: Any, minimum: int) -> list[str]:
    numbers = list(value) if isinstance(value, (list, tuple)) else [value]
    return [
        block.complaint(name, where, f"{number} is too small, the least is {minimum}")
        for number in numbers
        if number is not None and number < minimum
    ]
