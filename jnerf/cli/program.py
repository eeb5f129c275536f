"""``jnerf COMMAND ...``: finds the command and runs it."""

from __future__ import annotations

import os
import sys

from jnerf.cli import commands
from jnerf.cli.completion import ASKED, complete
from jnerf.command_line import exit_status

DESCRIPTION = "Neural fields on Jittor: train them, look at them, measure them."
EPILOG = """\
first steps:
  jnerf doctor                       what this machine has, and how to mend what is wrong
  jnerf list configs                 what can be trained
  jnerf train ngp_embedded           a picture in minutes, nothing to download
  jnerf test logs/ngp_embedded       a run is named by its folder

in a shell, eval "$(register-python-argcomplete jnerf)" completes commands, configs and settings (pip install
argcomplete). jnerf COMMAND --help says more. exit status: 0 done, 1 failed, 2 wrong input, 130 interrupted
"""


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns its exit status.

    Args:
        arguments: None for those of the process.
    """
    if ASKED in os.environ:
        complete()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    if not words or words[0] in ("-h", "--help"):
        return exit_status(show_usage, "") or (0 if words else 2)
    if words[0] in ("-V", "--version"):
        return exit_status(show_version, "")
    return commands.command(words[0], words[1:])


def show_usage() -> None:
    """Prints every command with one line."""
    rows = "\n".join(f"  {name:10} {commands.load(name).SUMMARY}" for name in commands.names())
    print(f"usage: jnerf COMMAND ...\n\n{DESCRIPTION}\n\ncommands:\n{rows}\n\n{EPILOG}", end="")


def show_version() -> None:
    """Prints the version."""
    import jnerf

    print(f"jnerf {jnerf.__version__}")
