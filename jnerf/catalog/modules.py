"""The registered classes of the seven families, read from the sources: importing them would take Jittor."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from jnerf.registry import REGISTRIES, Registry

_VARIABLES = {"loss": "LOSSES"}  # of registries whose name is not the family's and an S


@dataclass(frozen=True)
class ModuleEntry:
    """One module.

    Attributes:
        name: what a config writes as ``type``.
        family: the config's block.
        summary: the first line of its docstring.
        path: its source.
    """

    name: str
    family: str
    summary: str
    path: Path


@cache
def modules() -> tuple[ModuleEntry, ...]:
    """Every module of the package, family by family, by name."""
    return tuple(e for registry in REGISTRIES.values() for e in _of_family(registry))


def _of_family(registry: Registry) -> list[ModuleEntry]:
    folders = find_spec(registry.package).submodule_search_locations
    files = [file for folder in folders for file in sorted(Path(folder).rglob("*.py"))]
    return sorted((e for f in files for e in _of_file(f, registry.name)), key=lambda e: e.name)


def _of_file(path: Path, family: str) -> Iterator[ModuleEntry]:
    text = path.read_text(encoding="utf-8")
    decorator = f"{_VARIABLES.get(family, f'{family.upper()}S')}.register"
    if f"@{decorator}(" not in text:
        return
    for node in ast.parse(text).body:
        for call in node.decorator_list if isinstance(node, ast.ClassDef) else ():
            if isinstance(call, ast.Call) and ast.unparse(call.func) == decorator:
                name = ast.literal_eval(call.args[0]) if call.args else node.name
                summary = (ast.get_docstring(node) or "").partition("\n")[0]
                yield ModuleEntry(name, family, summary, path)
