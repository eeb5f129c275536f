"""The constructor arguments of a module, which are what a config writes in its block."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from jnerf.catalog.blocks import UNTYPED, class_of, handed_over
from jnerf.checks.arguments import signature_of
from jnerf.checks.flat import shared_groups
from jnerf.checks.types import describe
from jnerf.config.check import FACTS, OF_DATASETS
from jnerf.registry import INNER


@dataclass(frozen=True)
class Argument:
    """One constructor argument.

    Attributes:
        name: its key in the block.
        type: in words.
        required: it has no default.
        default: None where it has none.
        supplied: the engine supplies it where the config does not.
        doc: what it is.
    """

    name: str
    type: str
    required: bool
    default: Any
    supplied: bool
    doc: str


def arguments_of(family: str, name: str) -> list[Argument]:
    """The arguments of a module's class. Imports its family, and so Jittor.

    Args:
        family: the block, as in its entry.
        name: likewise.
    """
    cls = class_of(family, name)
    docs, facts = argument_docs(cls), _supplied(family)
    return [
        Argument(
            key,
            "" if found.annotation is Any else describe(found.annotation),
            found.required,
            found.default,
            key in facts,
            docs.get(key, ""),
        )
        for key, found in signature_of(cls).parameters.items()
    ]


def _supplied(family: str) -> Collection[str]:
    if family in UNTYPED:
        return handed_over(family)
    if family in INNER:
        from jnerf.datasets.arguments import INNER_FACTS

        return INNER_FACTS[family]
    return OF_DATASETS if family == "dataset" else FACTS


def argument_docs(cls: type) -> dict[str, str]:
    """What docstrings say of a class's constructor arguments, those of shared groups (``jnerf.checks.flat``) included.

    Args:
        cls: a class; what is said nearer to it counts.
    """
    found: dict[str, str] = {}
    for owner in reversed(cls.__mro__):
        for group in shared_groups(owner):
            for part in reversed(group.__mro__):
                found |= args_section(part.__doc__)
        if owner is not object:
            found |= args_section(owner.__doc__)
            found |= args_section(getattr(vars(owner).get("__init__"), "__doc__", None))
    return found


def args_section(text: str | None) -> dict[str, str]:
    """The ``Args:`` of a docstring, by name; each as one line.

    >>> args_section("Text.\\n\\n    Args:\\n        a: one,\\n            two: three.\\n        b, c: others.\\n")
    {'a': 'one, two: three.', 'b': 'others.', 'c': 'others.'}
    """
    section = re.search(r"^Args:\n((?:[ ]+.*\n?|\n)*)", inspect.cleandoc(text or ""), re.M)
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section[1].splitlines() if section else ():
        entry = re.match(r" {4}(?! )([\w, *]+): (.*)", line)
        if entry:
            names = [name.strip(" *") for name in entry[1].split(",")]
            found |= dict.fromkeys(names, entry[2])
        elif line.strip():
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found
