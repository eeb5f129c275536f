"""The commands of ``jnerf``, each a module of this folder.

A module has ``SUMMARY`` (one line), ``EXAMPLES`` (shown below its flags: examples and exit statuses), ``MEND`` (what to
do when the disk refuses), ``add_arguments(parser)`` and ``execute(options)``: the exit status, None for 0.
Importing it is cheap: whatever is heavy is imported when it is executed. A command whose flags depend on a first word
of its own has ``main(arguments)`` in place of the last four.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from types import ModuleType

from jnerf.checks.suggest import hint
from jnerf.command_line import command_parser, exit_status, parse

#: In the order of ``jnerf --help``.
NAMES = (
    "train",
    "test",
    "sweep",
    "render",
    "view",
    "process",
    "mesh",
    "export",
    "report",
    "compare",
    "list",
    "benchmark",
    "doctor",
)


def names() -> list[str]:
    """The commands that are there, in the order of the help."""
    return [name for name in NAMES if importlib.util.find_spec(f"{__package__}.{name}")]


def load(name: str) -> ModuleType:
    """The module of a command.

    Args:
        name: one of ``names()``.
    """
    return importlib.import_module(f"{__package__}.{name}")


def command(name: str, arguments: list[str]) -> int:
    """Runs a command and returns its exit status; on a wrong name or flag, exits with status 2.

    Args:
        name: the command, as it was written.
        arguments: what stands behind it.
    """
    if name not in names():
        what = "flag" if name.startswith("-") else "command"
        print(f"jnerf: error: unknown {what} {name!r}. {hint(name, names())}", file=sys.stderr)
        return 2
    module = load(name)
    if hasattr(module, "main"):
        return module.main(arguments)
    options = parse(parser_of(name), arguments)
    return exit_status(lambda: module.execute(options), module.MEND)


def parser_of(name: str) -> argparse.ArgumentParser:
    """The flags of a command.

    Args:
        name: a command without a ``main`` of its own.
    """
    module = load(name)
    parser = command_parser(f"jnerf {name}", module.SUMMARY, module.EXAMPLES)
    module.add_arguments(parser)
    return parser
