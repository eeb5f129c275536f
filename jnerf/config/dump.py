"""Configs as text: a runnable file, and the difference of two."""

from __future__ import annotations

import keyword
import math
from collections.abc import Mapping
from typing import Any

_WIDTH = 100


def dump(config: Mapping[str, Any]) -> str:
    """The text of a Python file with one assignment per top-level key.

    >>> dump(dict(seed=1, ema=dict(type="EMA")))
    'seed = 1\\nema = dict(type="EMA")\\n'
    """
    return "".join(f"{key} = {_source(value, 0, len(key) + 3)}\n" for key, value in config.items())


def diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What changes from ``old`` to ``new``, one line per key.

    Returns:
        Lines ``"~ key: old -> new"``, ``"- key: old"`` and ``"+ key: new"``, in the order of
        ``old`` with additions last.

    >>> diff(dict(seed=1, chunk=2), dict(seed=3))
    ['~ seed: 1 -> 3', '- chunk: 2']
    """
    before, after = _leaves(old), _leaves(new)
    lines = []
    for key, value in before.items():
        if key not in after:
            lines.append(f"- {key}: {_flat(value)}")
        elif after[key] != value or type(after[key]) is not type(value):
            lines.append(f"~ {key}: {_flat(value)} -> {_flat(after[key])}")
    return lines + [f"+ {key}: {_flat(value)}" for key, value in after.items() if key not in before]


def _leaves(value: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, Mapping) and item:
            found.update(_leaves(item, f"{path}{key}."))
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
    flat = _flat(value)
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


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        opening, closing = ("dict(", ")") if _plain_names(value) else ("{", "}")
        rows = [_head(key, opening) + _flat(item) for key, item in value.items()]
        return opening + ", ".join(rows) + closing
    if isinstance(value, list):
        return f"[{', '.join(map(_flat, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_flat, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, float) and math.isinf(value):
        return 'float("inf")' if value > 0 else 'float("-inf")'
    if isinstance(value, str) and value.isprintable() and not set('"\\') & set(value):
        return f'"{value}"'
    return repr(value)


def _head(key: str, opening: str) -> str:
    return f"{key}=" if opening == "dict(" else f"{_flat(key)}: "


def _plain_names(value: Mapping[str, Any]) -> bool:
    return all(key.isidentifier() and not keyword.iskeyword(key) for key in value)
