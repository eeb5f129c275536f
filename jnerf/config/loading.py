"""From a path to a `Config`: run the file, lay it over its bases, override, fill defaults."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from jnerf.checks.origin import Origin, display_path
from jnerf.checks.suggest import hint
from jnerf.config.block import Block, Config, normalise, place, place_block
from jnerf.config.custom import settle_imports
from jnerf.config.find import is_name, named_configs, nearest_configs
from jnerf.config.lines import imported_names, key_lines, line_of
from jnerf.config.merge import merge_configs
from jnerf.config.overrides import apply_overrides
from jnerf.config.schema import SCHEMA
from jnerf.config.validate import fill_defaults, validate
from jnerf.errors import ConfigError


def load_config(path: str | Path, overrides: Iterable[str] = ()) -> Config:
    """Load a config file.

    The file is Python and is executed: run only files that you trust. Its top-level names are the
    settings, except imports, functions, classes and names that begin with an underscore.

    Args:
        path: the .py file.
        overrides: ``key.sub=value`` texts, see `jnerf.config.overrides`.

    Returns:
        The merged config with defaults filled in and the top level checked. Settings that a run
        needs may still be absent; `jnerf.config.check.check` asks for them.

    Raises:
        ConfigError: no such file, an error in it, a circle of bases, an unknown key, a wrong type;
            with file and line.
    """
    path = Path(path)
    loaded = Config(_load(path, ()))
    place_block(loaded, Origin(display_path(path)))
    validate(loaded)
    loaded.setdefault("exp_name", path.stem)
    # Before the overrides, so that they may reach into defaults; again for what they add.
    fill_defaults(loaded)
    config = apply_overrides(loaded, overrides)
    validate(config)
    fill_defaults(config)
    return config


def _load(path: Path, above: tuple[Path, ...]) -> Block:
    """One file laid over its bases; ``above`` are the files that inherit from it."""
    shown = display_path(path)
    text = _read(path, shown)
    tree = _parse(text, shown)
    lines = key_lines(tree)
    values = _execute(tree, path, shown)

    def locate(key: tuple[str | int, ...]) -> Origin:
        return Origin(shown, line_of(lines, key))

    chain = (*above, path.resolve())
    merged = Block()
    place_block(merged, Origin(shown))
    for base in _bases(values.pop("_base_", []), path, locate(("_base_",))):
        if base.resolve() in chain:
            circle = " -> ".join(map(display_path, (*chain, base)))
            raise ConfigError(f"{locate(('_base_',))}: _base_: goes round in a circle: {circle}")
        merged = merge_configs(merged, _load(base, chain))
    own = _settings(values, imported_names(tree), locate)
    settle_imports(own, path.parent)
    return merge_configs(merged, own)


def _settings(
    values: dict[str, Any], imported: set[str], locate: Callable[[tuple[str | int, ...]], Origin]
) -> Block:
    own = Block()
    for name, value in values.items():
        if name.startswith("_") or (name not in SCHEMA and (name in imported or callable(value))):
            continue
        dict.__setitem__(own, name, normalise(value, (name,), locate))
        place(own, name, locate((name,)))
    return own


def _read(path: Path, shown: str) -> str:
    if not path.is_file():
        raise ConfigError(f"{shown}: no such config file. {_neighbours(path)}")
    try:
        return path.read_text(encoding="utf-8-sig")  # editors may put a mark in front
    except UnicodeDecodeError as error:
        raise ConfigError(f"{shown}: not a text file in UTF-8: {error}") from None


def _neighbours(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"There is no folder {display_path(folder)} either"
    names = sorted(entry.name for entry in folder.glob("*.py"))
    return hint(path.name, names, f"Configs in {display_path(folder)}")


def _parse(text: str, shown: str) -> ast.Module:
    try:
        return ast.parse(text, filename=shown)
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise ConfigError(f"{shown}:{error.lineno}: syntax error: {error.msg}: {line}") from None
    except ValueError as error:  # null bytes
        raise ConfigError(f"{shown}: not Python: {error}") from None


def _execute(tree: ast.Module, path: Path, shown: str) -> dict[str, Any]:
    """Run a parsed config and return its global names."""
    namespace: dict[str, Any] = {"__file__": str(path.resolve()), "__name__": "jnerf_config"}
    try:
        exec(compile(tree, shown, "exec"), namespace)
    except ConfigError:
        raise
    except Exception as error:  # a config may fail in any way; the message keeps kind and line
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == shown]
        line = frames[-1].lineno if frames else 1
        raise ConfigError(f"{shown}:{line}: {type(error).__name__}: {error}") from error
    namespace.pop("__builtins__", None)
    return namespace


def _bases(value: Any, path: Path, origin: Origin) -> list[Path]:
    """The base files that a ``_base_`` names: relative to the file that names them, or those of the package by name."""
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, (list, tuple)) or not all(isinstance(e, str) for e in entries):
        raise ConfigError(f"{origin}: _base_: expected a path or a list of paths, got {value!r}")
    return [_base(entry, path.parent, origin) for entry in entries]


def _base(entry: str, folder: Path, origin: Origin) -> Path:
    """One base file."""
    path = folder / entry
    if path.is_file():
        return path
    if not is_name(entry):
        raise ConfigError(f"{origin}: _base_: no config file '{entry}'. {_neighbours(path)}")
    if entry not in named_configs():
        raise ConfigError(f"{origin}: _base_: unknown config '{entry}'. {nearest_configs(entry)}")
    return named_configs()[entry]
