"""The classes of the seven families and of blocks inside of theirs, read from sources, without Jittor."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from jnerf.catalog.blocks import UNTYPED
from jnerf.registry import INNER, REGISTRIES, Registry

_VARIABLES = {"loss": "LOSSES"}  # of registries whose name is not the family's and an S


@dataclass(frozen=True)
class ModuleEntry:
    """One module.

    Attributes:
        name: what a config writes as ``type``; of an untyped block, its class.
        family: the config's block, ``dataset.cameras`` if it lies inside of another.
        summary: the first sentence of its docstring.
        path: its source.
        typed: whether its block has a ``type``.
    """

    name: str
    family: str
    summary: str
    path: Path
    typed: bool = True


@cache
def modules() -> tuple[ModuleEntry, ...]:
    """Every module of the package, family by family, by name; then blocks without a type."""
    typed = [e for block, r in (REGISTRIES | INNER).items() for e in _of_block(block, r)]
    return (*typed, *(_untyped(block, *where) for block, where in UNTYPED.items()))


def _untyped(block: str, module: str, name: str) -> ModuleEntry:
    path = Path(find_spec(module).origin)
    body = ast.parse(path.read_text(encoding="utf-8")).body
    node = next(n for n in body if isinstance(n, ast.ClassDef) and n.name == name)
    return ModuleEntry(name, block, _first_sentence(ast.get_docstring(node)), path, typed=False)


def _of_block(block: str, registry: Registry) -> list[ModuleEntry]:
    found = find_spec(registry.package)
    files = [Path(found.origin)]
    for folder in found.submodule_search_locations or ():
        files += sorted(file for file in Path(folder).rglob("*.py") if file != files[0])
    entries = (e for f in files for e in _of_file(f, block, registry.name))
    return sorted(entries, key=lambda e: e.name)


def _of_file(path: Path, block: str, name: str) -> Iterator[ModuleEntry]:
    text = path.read_text(encoding="utf-8")
    decorator = f"{_VARIABLES.get(name, f'{name.upper()}S')}.register"
    if f"@{decorator}(" not in text:
        return
    for node in ast.parse(text).body:
        for call in node.decorator_list if isinstance(node, ast.ClassDef) else ():
            if isinstance(call, ast.Call) and ast.unparse(call.func) == decorator:
                name = ast.literal_eval(call.args[0]) if call.args else node.name
                yield ModuleEntry(name, block, _first_sentence(ast.get_docstring(node)), path)


def _first_sentence(docstring: str | None) -> str:
    """Without a line break; "et al." ends no sentence.

    >>> _first_sentence("One (A et al. 2020), said\\nin two lines. More.\\n\\nAnd more.")
    'One (A et al. 2020), said in two lines.'
    """
    paragraph = (docstring or "").partition("\n\n")[0]
    return re.split(r"(?<=[.])(?<! al[.]) +", " ".join(paragraph.split()))[0]
