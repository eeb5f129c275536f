"""The constructor arguments of a module, which are what a config writes in its block."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

from jnerf.checks.arguments import signature_of
from jnerf.checks.flat import shared_groups
from jnerf.checks.types import describe
from jnerf.config.check import FACTS
from jnerf.registry import INNER, REGISTRIES

#: What the engine supplies to datasets; the other facts come from them.
OF_DATASETS = {"split", "seed", "total_steps"}


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
    """The arguments of a registered class. Imports its family, and so Jittor.

    Args:
        family: a block that has a registry, ``dataset.cameras`` as well.
        name: of a class that is registered there.
    """
    cls = (REGISTRIES | INNER)[family].get(name)
    docs = argument_docs(cls)
    facts = OF_DATASETS if family == "dataset" else FACTS
    if family in INNER:
        from jnerf.datasets.arguments import INNER_FACTS

        facts = INNER_FACTS[family]
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

    >>> args_section("Text.\\n\\n    Args:\\n        a: one\\n            line.\\n        b, c: others.\\n")
    {'a': 'one line.', 'b': 'others.', 'c': 'others.'}
    """
    section = re.search(r"^Args:\n((?:[ ]+.*\n?|\n)*)", inspect.cleandoc(text or ""), re.M)
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section[1].splitlines() if section else ():
        entry = re.match(r" {4}([\w, *]+): (.*)", line)
        if entry:
            names = [name.strip(" *") for name in entry[1].split(",")]
            found |= dict.fromkeys(names, entry[2])
        elif line.strip():
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found
