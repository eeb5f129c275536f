"""``custom_imports``: the user's own modules, imported so that their classes are registered."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path

from jnerf.checks.types import mismatch
from jnerf.config.block import Block
from jnerf.errors import ConfigError


def import_custom(config: Block) -> None:
    """Import what ``custom_imports`` names, once per process.

    An entry that ends in ``.py`` is a file (relative to the config that names it, made absolute
    when the config was loaded; from the command line, relative to the working directory); any other
    is a dotted module name that Python can find.

    Raises:
        ConfigError: no such file or module. Errors inside a module pass through as they are.
    """
    entries = config.get("custom_imports") or []
    if mismatch(entries, list[str]) is not None:
        return  # reported by the schema check
    for entry in entries:
        if entry.endswith(".py"):
            _import_file(Path(entry).resolve(), config, entry)
        else:
            _import_name(entry, config)


def _import_file(path: Path, config: Block, entry: str) -> None:
    if not path.is_file():
        text = f"no file '{entry}'"
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
            text = f"'{entry}' cannot be imported: {path.name}{where}: {error.msg}"
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
