"""``custom_imports``: the user's own modules, imported so that their classes are registered."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from jnerf.checks.origin import display_path
from jnerf.checks.types import mismatch
from jnerf.config.block import Block
from jnerf.errors import ConfigError


def settle_imports(config: Block, folder: Path) -> None:
    """Makes the files that ``custom_imports`` names absolute, so that they are found from wherever it is read next.

    Args:
        config: a file's own settings, or an override's; what the check will refuse stays as it is.
        folder: that relative files start from.
    """
    entries = config.get("custom_imports")
    if isinstance(entries, (list, tuple)):
        config["custom_imports"] = [_absolute(entry, folder) for entry in entries]


def _absolute(entry: Any, folder: Path) -> Any:
    is_file = isinstance(entry, str) and entry.endswith(".py")
    return str((folder / entry).resolve()) if is_file else entry


def import_custom(config: Block) -> None:
    """Import what ``custom_imports`` names, once per process.

    An entry that ends in ``.py`` is a file, any other a dotted module name that Python can find. Files are relative to
    the config that names them, on the command line to the working directory, until it is loaded: `settle_imports`.

    Raises:
        ConfigError: no such file or module. Errors inside a module pass through as they are.
    """
    entries = config.get("custom_imports") or []
    if mismatch(entries, list[str]) is not None:
        return  # reported by the schema check
    for entry in entries:
        if entry.endswith(".py"):
            _import_file(Path(entry).resolve(), config)
        else:
            _import_name(entry, config)


def _import_file(path: Path, config: Block) -> None:
    shown = display_path(path)
    if not path.is_file():
        text = f"no file '{shown}'"
        raise ConfigError(config.complaint("custom_imports", "custom_imports", text))
    # Named after the whole path: two projects may each have a my_encoder.py.
    name = f"jnerf_custom_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    if name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, (SyntaxError, ImportError)):
            where = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            text = f"'{shown}' cannot be imported: {path.name}{where}: {error.msg}"
            raise ConfigError(config.complaint("custom_imports", "custom_imports", text)) from error
        raise


def _import_name(name: str, config: Block) -> None:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # the module was found; one that it imports was not
        text = (
            f"no module '{name}'. Install it, put its folder on PYTHONPATH, or name its file "
            "(a path that ends in .py, relative to this config)"
        )
        raise ConfigError(config.complaint("custom_imports", "custom_imports", text)) from None
