"""The lists of methods, configs and modules as text and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jnerf.catalog.modules import ModuleEntry, modules
from jnerf.catalog.projects import ConfigEntry, MethodEntry, configs, methods
from jnerf.catalog.signatures import Argument, arguments_of
from jnerf.checks.origin import display_path
from jnerf.checks.suggest import nearest
from jnerf.errors import ConfigError

Entry = MethodEntry | ConfigEntry | ModuleEntry
_SOURCES = {"methods": methods, "configs": configs, "modules": modules}
_WIDTH = 110


def show(kinds: Sequence[str], name: str | None = None, as_json: bool = False) -> str:
    """Lists, or all about one entry.

    Args:
        kinds: of ``methods``, ``configs``, ``modules``.
        name: of an entry, or a family of modules; None: all entries.
        as_json: for programs.

    Raises:
        ConfigError: nothing has that name; says which are near.
    """
    if name is None:
        found = {kind: list(_SOURCES[kind]()) for kind in kinds}
        return _as_json(found) if as_json else "\n".join(_table(k, v) for k, v in found.items())
    found = {kind: _named(kind, name) for kind in kinds}
    if not any(found.values()):
        valid = [word for kind in kinds for word in _words(kind)]
        valid += kinds if len(kinds) > 1 else ()
        near = nearest(name, valid)
        meant = f"Did you mean '{near}'? " if near else ""
        listed = f"jnerf list {kinds[0]}" if len(kinds) == 1 else "jnerf list"
        raise ConfigError(
            f"no {' or '.join(kinds)} of the name '{name}'. {meant}{listed} shows all"
        )
    found = {kind: entries for kind, entries in found.items() if entries}
    if as_json:
        return _as_json(found, details=True)
    return "\n".join(_details(entries) for entries in found.values())


def _words(kind: str) -> list[str]:
    entries = _SOURCES[kind]()
    families = dict.fromkeys(e.family for e in entries) if kind == "modules" else ()
    return [*(entry.name for entry in entries), *families]


def _named(kind: str, name: str) -> list[Entry]:
    entries = _SOURCES[kind]()
    return [e for e in entries if name in (e.name, getattr(e, "family", None))]


def _table(kind: str, entries: Sequence[Entry]) -> str:
    """A heading and a line for each entry."""
    if kind == "modules":
        return "\n".join(
            _lines(
                f"{family} modules", [(e.name, e.summary) for e in entries if e.family == family]
            )
            for family in dict.fromkeys(e.family for e in entries)
        )
    if kind == "methods":
        return _lines("methods", [(e.name, _titled(e)) for e in entries])
    run = [(e.name, e.summary) for e in entries if e.kind == "run"]
    bases = [(e.name, e.summary) for e in entries if e.kind != "run"]
    return _lines("configs", run) + "\n" + _lines("bases to derive a config from", bases)


def _titled(entry: MethodEntry) -> str:
    """Title and paper; the paper alone where it begins with the title."""
    paper = entry.summary
    if paper.lower().startswith(entry.title.lower()):
        return paper
    return f"{entry.title}: {paper}" if paper else entry.title


def _lines(heading: str, rows: Sequence[tuple[str, str]]) -> str:
    width = max((len(name) for name, _ in rows), default=0)
    lines = [f"  {name:{width}}  {_plain_text(text)}".rstrip() for name, text in rows]
    return "\n".join([f"{heading}:", *lines]) + "\n"


def _plain_text(text: str) -> str:
    """A docstring's text without its marks."""
    return text.replace("``", "")


def _details(entries: Sequence[Entry]) -> str:
    if len(entries) > 1:  # of a family
        return _table("modules", entries)
    entry = entries[0]
    if isinstance(entry, MethodEntry):
        return f"{_titled(entry)}\n{display_path(entry.path)}\n\n" + _lines(
            "configs", [(c.name, c.summary) for c in configs() if c.method == entry.name]
        )
    if isinstance(entry, ConfigEntry):
        use = {
            "run": f"jnerf train {entry.name}",
            "method": f'needs a scene: _base_ = ["lego", "{entry.name}"]',
            "scene": f'needs a method: _base_ = ["{entry.name}", "ngp_base"]',
        }[entry.kind]
        return f"{entry.text}\n\n{display_path(entry.path)}\n{use}\n"
    return _module_text(entry)


def _module_text(entry: ModuleEntry) -> str:
    rows = arguments_of(entry.family, entry.name)
    text = (
        f"{entry.name}, {entry.family}: {_plain_text(entry.summary)}\n{display_path(entry.path)}\n"
    )
    own = [row for row in rows if not row.supplied]
    supplied = [row for row in rows if row.supplied]
    if own:
        kind = f'type="{entry.name}", ' if entry.typed else ""
        text += f"\ndict({kind}...) takes:\n" + _arguments(own)
    if supplied:
        text += "\nsupplied by the engine where the config does not set them:\n" + _arguments(
            supplied
        )
    return text


def _arguments(rows: Iterable[Argument]) -> str:
    text = ""
    for row in rows:
        value = "" if row.required else f" = {row.default!r}"
        kind = ", ".join(word for word in (row.type, "needed" if row.required else "") if word)
        text += f"  {row.name}{value}" + (f"  ({kind})\n" if kind else "\n")
        doc = _plain_text(row.doc)
        text += textwrap.indent(textwrap.fill(doc, _WIDTH), " " * 6) + "\n" if doc else ""
    return text


def _as_json(found: dict[str, list[Entry]], details: bool = False) -> str:
    table = {kind: [_plain(entry, details) for entry in entries] for kind, entries in found.items()}
    return json.dumps(table, indent=2, default=_value) + "\n"


def _plain(entry: Entry, details: bool) -> dict[str, Any]:
    values = asdict(entry)
    if details and isinstance(entry, ModuleEntry):
        values["arguments"] = [asdict(row) for row in arguments_of(entry.family, entry.name)]
    return values


def _value(value: Any) -> Any:
    """A default that JSON has no word for, or a path."""
    return str(value) if isinstance(value, Path) else repr(value)
