"""Configs as text: a runnable file, its settings read back without running it, and the difference of two."""

from __future__ import annotations

import ast
import keyword
import math
from collections.abc import Mapping
from typing import Any

from jnerf.config.overrides import literal
from jnerf.errors import ConfigError

_WIDTH = 100


def dump(config: Mapping[str, Any]) -> str:
    """The text of a Python file with one assignment per top-level key.

    >>> dump(dict(seed=1, ema=dict(type="EMA")))
    'seed = 1\\nema = dict(type="EMA")\\n'
    """
    return "".join(f"{key} = {_source(value, 0, len(key) + 3)}\n" for key, value in config.items())


def read_dump(text: str) -> dict[str, Any]:
    """The settings of a file that `dump` wrote, with plain dicts; the file is not executed.

    Raises:
        ConfigError: it is not such a file: somebody has written more than settings into it.

    >>> read_dump("seed = 1\nema = dict(decay=0.9)\n")
    {'seed': 1, 'ema': {'decay': 0.9}}
    """
    found: dict[str, Any] = {}
    try:
        for statement in ast.parse(text).body:
            if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
                raise ValueError(f"line {statement.lineno} is no setting")
            (target,) = statement.targets
            if not isinstance(target, ast.Name):
                raise ValueError(f"line {statement.lineno} is no setting")
            found[target.id] = literal(statement.value)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError) as error:
        raise ConfigError(f"not only settings: {error}") from None
    return found


def diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What changes from ``old`` to ``new``, one line per key.

    Returns:
        Lines ``"~ key: old -> new"``, ``"- key: old"`` and ``"+ key: new"``, in the order of
        ``old`` with additions last.

    >>> diff(dict(seed=1, chunk=2), dict(seed=3))
    ['~ seed: 1 -> 3', '- chunk: 2']
    """
    before, after = leaves(old), leaves(new)
    lines = []
    for key, value in before.items():
        if key not in after:
            lines.append(f"- {key}: {say(value)}")
        elif after[key] != value or type(after[key]) is not type(value):
            lines.append(f"~ {key}: {say(value)} -> {say(after[key])}")
    return lines + [f"+ {key}: {say(value)}" for key, value in after.items() if key not in before]


def leaves(value: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Every setting by its path.

    >>> leaves(dict(seed=1, optim=dict(lr=0.1)))
    {'seed': 1, 'optim.lr': 0.1}
    """
    found: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, Mapping) and item:
            found.update(leaves(item, f"{path}{key}."))
        else:
            found[f"{path}{key}"] = item
    return found


def _source(value: Any, indent: int, used: int) -> str:
    """A value as source text, broken over lines when it would not fit.

    Args:
        value: a config value.
        indent: columns in front of the closing bracket.
        used: columns already taken on the first line.
    """
    flat = say(value)
    if used + len(flat) <= _WIDTH or not isinstance(value, (Mapping, list, tuple)) or not value:
        return flat
    inner = " " * (indent + 4)
    if isinstance(value, Mapping):
        opening, closing = ("dict(", ")") if _plain_names(value) else ("{", "}")
        heads = [(_head(key, opening), item) for key, item in value.items()]
    else:
        opening, closing = ("(", ")") if isinstance(value, tuple) else ("[", "]")
        heads = [("", item) for item in value]
    rows = [
        f"{inner}{head}{_source(item, indent + 4, indent + 5 + len(head))},\n"
        for head, item in heads
    ]
    return f"{opening}\n{''.join(rows)}{' ' * indent}{closing}"


def say(value: Any) -> str:
    """A value as source text, on one line.

    >>> say(dict(type="EMA", decay=0.9))
    'dict(type="EMA", decay=0.9)'
    """
    if isinstance(value, Mapping):
        opening, closing = ("dict(", ")") if _plain_names(value) else ("{", "}")
        rows = [_head(key, opening) + say(item) for key, item in value.items()]
        return opening + ", ".join(rows) + closing
    if isinstance(value, list):
        return f"[{', '.join(map(say, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(say, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, float) and math.isinf(value):
        return 'float("inf")' if value > 0 else 'float("-inf")'
    if isinstance(value, str) and value.isprintable() and not set('"\\') & set(value):
        return f'"{value}"'
    return repr(value)


def _head(key: str, opening: str) -> str:
    return f"{key}=" if opening == "dict(" else f"{say(key)}: "


def _plain_names(value: Mapping[str, Any]) -> bool:
    return all(key.isidentifier() and not keyword.iskeyword(key) for key in value)
