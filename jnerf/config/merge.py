"""Laying one block over another. Both sources stay as they are."""

from __future__ import annotations

from typing import Any

from jnerf.config.block import Block, copy_value

#: Keys that say what the other keys of a block mean: when one changes, the block starts afresh.
KIND_KEYS = ("type", "schedule")


def merge(base: Block, child: Block) -> Block:
    """``child`` laid over ``base``: dicts key by key, everything else replaced.

    A dict of ``child`` with ``_delete_=True``, or with another ``type`` or ``schedule`` than the
    base's, replaces the base's dict whole.

    Args:
        base: the inherited block.
        child: what is written in the inheriting file.

    Returns:
        A new block that shares nothing with either.

    >>> merge(Block(dict(a=dict(type="X", b=1))), Block(dict(a=dict(type="Y", c=2))))
    {'a': {'type': 'Y', 'c': 2}}
    """
    if child.get("_delete_") is True or starts_afresh(base, child):
        return without_delete(child)
    merged = base.copy()
    for key, value in child.items():
        if key == "_delete_":
            continue
        held = base.get(key)
        if isinstance(value, Block):
            merged[key] = merge(held, value) if isinstance(held, Block) else without_delete(value)
        else:
            merged[key] = copy_value(value)
        if key in child.origins_:
            merged.origins_[key] = child.origins_[key]
    return merged


def merge_configs(base: Block, child: Block) -> Block:
    """`merge` of whole configs, whose ``custom_imports`` add up: a base needs its modules everywhere."""
    merged = merge(base, child)
    both = [block.get("custom_imports") for block in (base, child)]
    if all(isinstance(entry, list) for entry in both):
        merged["custom_imports"] = list(dict.fromkeys(both[0] + both[1]))
    return merged


def starts_afresh(base: Block, child: Block) -> bool:
    """Whether ``child`` makes the block another kind of thing than ``base``."""
    return any(key in child and child[key] != base.get(key) for key in KIND_KEYS)


def without_delete(value: Any) -> Any:
    """A copy of a value in which no block has a ``_delete_`` key."""
    if isinstance(value, Block):
        copied = value.copy()
        copied.pop("_delete_", None)
        for key, item in copied.items():
            dict.__setitem__(copied, key, without_delete(item))
        return copied
    return copy_value(value)
