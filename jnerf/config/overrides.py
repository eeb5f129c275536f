"""``key.sub=value`` on the command line.

An override means what the same lines in an inheriting config file would mean: a dict is merged,
another ``type`` starts its block afresh. The order on the command line does not matter: whole
blocks come first, then types, then what is inside them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jnerf.checks.origin import Origin
from jnerf.checks.suggest import hint
from jnerf.checks.types import mismatch
from jnerf.config.block import Block, copy_value, normalise, place, place_block
from jnerf.config.custom import settle_imports
from jnerf.config.merge import KIND_KEYS, merge, merge_configs
from jnerf.config.schema import SCHEMA
from jnerf.errors import ConfigError

_WORDS = {"true": True, "false": False, "none": None, "null": None}


@dataclass(frozen=True)
class Override:
    """One parsed override: the keys and indices of ``a.b.0=value``, and the value."""

    text: str
    keys: tuple[str, ...]
    value: Any

    @property
    def rank(self) -> tuple[int, bool]:
        """Sort key: shallow before deep, a block's type before its arguments."""
        kind = self.keys[-1] in KIND_KEYS
        return len(self.keys) - kind, kind

    @property
    def origin(self) -> Origin:
        """What messages show as the place of the value."""
        return Origin(f"override '{self.text}'")


def parse_override(text: str) -> Override:
    """Read ``a.b.0=value``.

    The value is a Python literal, ``dict(...)`` and ``float("inf")`` included; ``true``, ``false`` or ``none`` in any
    case; or else a bare string. Where the schema takes the text and not what it looks like (``exp_name=15``,
    ``evaluation.fit=none``) it is a string.

    Raises:
        ConfigError: no ``=``, an empty key, or a top-level key that configs do not have.

    >>> parse_override("optim.lr=1e-2").value, parse_override("exp_name=lego").value
    (0.01, 'lego')
    """
    name, equals, value = text.partition("=")
    keys = tuple(name.strip().split("."))
    if not equals or not all(keys):
        raise ConfigError(f"override '{text}': write key=value or key.sub=value")
    if keys[0] not in SCHEMA:
        raise ConfigError(f"override '{text}': unknown key '{keys[0]}'. {hint(keys[0], SCHEMA)}")
    found, bare = parse_value(value.strip()), value.strip()
    kind = _type_of(keys)
    if mismatch(found, kind) is not None and mismatch(bare, kind) is None:
        found = bare
    return Override(text, keys, found)


def _type_of(keys: tuple[str, ...]) -> Any:
    """What the schema says of a setting; of the inside of modules and lists it says nothing."""
    schema = SCHEMA
    for name in keys[:-1]:
        schema = schema[name].keys if name in schema else {}
    return schema[keys[-1]].type if keys[-1] in schema else Any


def parse_value(text: str) -> Any:
    """The value of an override; see `parse_override`."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        return literal(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, TypeError):
        return text


def literal(node: ast.expr) -> Any:
    """The value of a literal as ``jnerf.config.dump.say`` writes it; nothing is executed.

    ``dict(a=1)`` may stand for ``{"a": 1}``, and ``float("inf")`` for what has no literal.

    Raises:
        ValueError, TypeError: it is more than that.
    """
    return ast.literal_eval(ast.fix_missing_locations(_Calls().visit(node)))


def apply_overrides(config: Block, overrides: Iterable[str]) -> Block:
    """Lay overrides over a loaded config.

    Args:
        config: the config; stays as it is.
        overrides: texts as `parse_override` reads them, in any order; of two equal keys the later
            wins. ``custom_imports`` add up, and files in them are relative to the working directory.

    Returns:
        A new config.

    Raises:
        ConfigError: malformed, unknown top-level key, an index outside a list, or a path through a
            value that is no block.
    """
    for override in sorted(map(parse_override, overrides), key=lambda entry: entry.rank):
        layer = _layer(config, override, 0)
        settle_imports(layer, Path.cwd())
        whole = override.keys == (
            "custom_imports",
        )  # of one item, the layer is the list with that item
        config = merge_configs(config, layer) if whole else merge(config, layer)
    return config


def _layer(held: Any, override: Override, depth: int) -> Any:
    """What an inheriting config would write for the override at ``keys[:depth]``, now ``held``."""
    rest = override.keys[depth:]
    if not rest:
        return normalise(override.value, override.keys, lambda path: override.origin)
    if isinstance(held, (list, tuple)):
        items = [copy_value(item) for item in held]
        index = _index(rest[0], items, override, depth)
        item = _layer(items[index], override, depth + 1)
        both = isinstance(items[index], Block) and isinstance(item, Block)
        items[index] = merge(items[index], item) if both else item
        return type(held)(items)
    if held is not None and not isinstance(held, Block):
        parent = ".".join(override.keys[:depth])
        raise ConfigError(f"override '{override.text}': {parent} is {held!r}, which has no keys")
    inner = held.get(rest[0]) if held is not None else None
    layer = Block({rest[0]: _layer(inner, override, depth + 1)})
    place_block(layer, override.origin)
    if inner is None or len(rest) == 1:
        place(layer, rest[0], override.origin)
    return layer


def _index(key: str, items: list[Any], override: Override, depth: int) -> int:
    parent = ".".join(override.keys[:depth])
    if not key.isdecimal() or int(key) >= len(items):
        allowed = f"0 to {len(items) - 1}" if items else "none, it is empty"
        raise ConfigError(
            f"override '{override.text}': '{key}' is no index of {parent}, a list of {len(items)}. "
            f"Allowed: {allowed}"
        )
    return int(key)


class _Calls(ast.NodeTransformer):
    """``dict(a=1)`` as ``{"a": 1}``, and ``float("inf")`` as a number, so that ``literal_eval`` takes them."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(ast.Name("float"), [ast.Constant(str(text))], []):
                return ast.Constant(float(text))
            case ast.Call(ast.Name("dict"), [], named) if all(entry.arg for entry in named):
                keys: list[ast.expr | None] = [ast.Constant(entry.arg) for entry in named]
                return ast.Dict(keys=keys, values=[entry.value for entry in named])
        return node
