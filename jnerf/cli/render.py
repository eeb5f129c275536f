"""``jnerf render``."""

from __future__ import annotations

import argparse

from jnerf.cli.run_arguments import OVERRIDES, add_run_arguments
from jnerf.cli.train import run_task

SUMMARY = "render a film of a trained run"
EXAMPLES = f"""\
examples:
  jnerf render logs/ngp_lego
  jnerf render logs/ngp_lego render.n_frames=60 render.width=400 render.height=400

Writes RUN/render.

{OVERRIDES}
exit status: 0 done, 1 the disk or the field failed, 2 wrong config, data, checkpoint or flag, 130 interrupted
"""
MEND = "Free disk space, make the file writable, or choose another folder with --save-dir."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run's arguments, and the flags of this command."""
    add_run_arguments(parser)
    add_flags(parser)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this command; none yet."""


def execute(options: argparse.Namespace) -> int:
    """Renders the film."""
    return run_task(options, "render")
