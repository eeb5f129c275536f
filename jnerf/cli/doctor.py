"""``jnerf doctor``, also ``python -m jnerf.doctor``."""

from __future__ import annotations

import argparse

SUMMARY = "say what jnerf finds on this machine, and how to mend what is wrong"
EXAMPLES = """\
examples:
  jnerf doctor
  jnerf doctor --compile

Every line reads OK, warn or FAIL. --compile also builds Jittor and runs one of jnerf's ops, which is the proof; it
takes about a minute the first time.

exit status: 0 nothing reads FAIL, 1 something does, 2 wrong flag, 130 interrupted
"""
MEND = "Free disk space, or make the file writable."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of this command."""
    add = parser.add_argument
    add("--compile", action="store_true", help="build Jittor and run one of jnerf's ops")


def execute(options: argparse.Namespace) -> int:
    """Prints the findings; returns the exit status."""
    from jnerf.checkup.report import report

    return report(options.compile)
