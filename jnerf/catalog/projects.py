"""The methods and configs that come with the package, from the first lines of their files."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from jnerf.config import load_config
from jnerf.config.find import named_configs, projects_folder

Kind = Literal["run", "method", "scene"]


@dataclass(frozen=True)
class ConfigEntry:
    """One config.

    Attributes:
        name: what ``jnerf train`` and ``_base_`` call it.
        summary: the first line of its docstring.
        text: the whole docstring.
        path: its file.
        method: the folder of its project; None of a scene.
        kind: ``run`` can be trained as it is; ``method`` lacks a scene, ``scene`` a method: they are bases of others.
    """

    name: str
    summary: str
    text: str
    path: Path
    method: str | None
    kind: Kind


@dataclass(frozen=True)
class MethodEntry:
    """One method: a project.

    Attributes:
        name: of its folder.
        title: of its README.
        summary: the paper it follows, and the year.
        path: its README, or its folder where it has none.
        configs: names of its configs.
    """

    name: str
    title: str
    summary: str
    path: Path
    configs: tuple[str, ...]


@cache
def configs() -> tuple[ConfigEntry, ...]:
    """Every config: those of each method, by name, then the scenes."""
    entries = [_config(name, path) for name, path in named_configs().items()]
    entries.sort(key=lambda entry: (entry.method is None, entry.method or "", entry.name))
    return tuple(entries)


def methods() -> list[MethodEntry]:
    """Every method, by name."""
    found = configs()
    names = sorted({entry.method for entry in found if entry.method is not None})
    return [_method(name, [c.name for c in found if c.method == name]) for name in names]


def _config(name: str, path: Path) -> ConfigEntry:
    tree = ast.parse(path.read_text(encoding="utf-8-sig"))
    text = ast.get_docstring(tree) or ""
    method = path.relative_to(projects_folder()).parts[0]
    if method == "_base_":
        return ConfigEntry(name, _first_line(text), text, path, None, "scene")
    kind: Kind = "run" if "dataset" in load_config(path) else "method"
    return ConfigEntry(name, _first_line(text), text, path, method, kind)


def _method(name: str, own: list[str]) -> MethodEntry:
    folder = projects_folder() / name
    readme = folder / "README.md"
    if not readme.is_file():
        return MethodEntry(name, name, "", folder, tuple(own))
    title, _, rest = readme.read_text(encoding="utf-8").lstrip("# ").partition("\n")
    about = rest.strip().partition("\n\n")[0]
    paper = re.search(r"\*([^*]+)\*", about)
    year = re.search(r"\b(?:19|20)\d\d\b", about)
    words = " ".join(paper[1].split()) if paper else ""
    summary = f"{words} ({year[0]})" if words and year else words
    return MethodEntry(name, title.strip(), summary, readme, tuple(own))


def _first_line(text: str) -> str:
    return text.partition("\n")[0]
