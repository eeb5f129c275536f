"""Completion in a shell, by argcomplete: commands, flags, names of configs, key.sub= of overrides.

``eval "$(register-python-argcomplete jnerf)"`` in a shell asks ``jnerf`` for each word; see ``jnerf --help``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from jnerf.cli import commands

#: Set by the shell that asks.
ASKED = "_ARGCOMPLETE"


def complete() -> None:
    """Answers the shell and ends the process; does nothing where argcomplete is not installed."""
    try:
        import argcomplete
    except ImportError:
        return
    argcomplete.autocomplete(whole_parser())


def whole_parser() -> argparse.ArgumentParser:
    """One parser with every command."""
    parser = argparse.ArgumentParser("jnerf")
    below = parser.add_subparsers(dest="command")
    for name in commands.names():
        module, own = commands.load(name), below.add_parser(name)
        if hasattr(module, "add_arguments"):
            module.add_arguments(own)
        for action in own._actions:
            if action.dest in ("config", "config_file"):
                action.completer = configs_and_files
            elif action.dest == "overrides":
                action.completer = settings
    return parser


def configs_and_files(prefix: str, **_: object) -> Iterator[str]:
    """Names of configs, then files and folders."""
    from argcomplete.completers import FilesCompleter

    from jnerf.config.find import named_configs

    yield from named_configs()
    yield from FilesCompleter(["py"])(prefix)


def settings(prefix: str, parsed_args: argparse.Namespace, **_: object) -> Iterator[str]:
    """``key=`` of the settings of the config that stands on the command line, the first of several, as deep as
    ``prefix`` goes.
    """
    from jnerf.config import find_config, load_config
    from jnerf.errors import ConfigError

    several = getattr(parsed_args, "config_file", None) or [None]
    named = getattr(parsed_args, "config", None) or several[0]
    if named is None:
        return
    try:
        block = load_config(find_config(named))
    except (ConfigError, OSError):
        return
    above, _dot, _last = prefix.rpartition(".")
    for key in above.split(".") if above else ():
        block = block.get(key) if isinstance(block, dict) else None
    for key, value in block.items() if isinstance(block, dict) else ():
        path = f"{above}.{key}" if above else key
        yield f"{path}." if isinstance(value, dict) and value else f"{path}="
