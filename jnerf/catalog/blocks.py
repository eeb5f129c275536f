"""Blocks inside of modules' own that name no type, for there is one class for each: what a config writes in them."""

from __future__ import annotations

import importlib
from collections.abc import Collection

from jnerf.registry import INNER, REGISTRIES

#: Module and class by the block's path. Where the module has ``FACTS``, these arguments are handed over beside it.
UNTYPED: dict[str, tuple[str, str]] = {
    "dataset.disturb": ("jnerf.datasets.pictures.disturbance", "Disturbance"),
    "network.appearance": ("jnerf.models.per_image.appearance", "Appearance"),
    "network.transient": ("jnerf.models.per_image.transient", "Transients"),
}


def class_of(family: str, name: str) -> type:
    """The class of a module's entry. Imports its family, and so Jittor.

    Args:
        family: a block that has a registry, or one of ``UNTYPED``.
        name: as the registry, or ``UNTYPED``, has it.
    """
    if family in UNTYPED:
        return getattr(importlib.import_module(UNTYPED[family][0]), name)
    return (REGISTRIES | INNER)[family].get(name)


def handed_over(family: str) -> Collection[str]:
    """Arguments of an untyped block's class that come from the module around it."""
    return getattr(importlib.import_module(UNTYPED[family][0]), "FACTS", ())
