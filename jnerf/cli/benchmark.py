"""``jnerf benchmark``: its commands and their flags are in ``jnerf.benchmark.cli``."""

from __future__ import annotations

SUMMARY = "measure speed, memory and quality, and write tables of what was measured"


def main(arguments: list[str]) -> int:
    """Runs the command line and returns its exit status.

    Args:
        arguments: the words behind ``jnerf benchmark``.
    """
    from jnerf.benchmark.cli import main as run

    return run(arguments, "jnerf benchmark")
