"""``jnerf test``."""

from __future__ import annotations

import argparse

from jnerf.cli.run_arguments import OVERRIDES, add_run_arguments
from jnerf.cli.train import run_task

SUMMARY = "judge a trained run on its held-out views, with pictures"
EXAMPLES = f"""\
examples:
  jnerf test logs/ngp_lego
  jnerf test logs/ngp_lego evaluation.n_images=5
  jnerf test ngp_lego --save-dir /data/runs
  jnerf test ngp_lego --checkpoint logs/ngp_lego/checkpoints/step_00001000.safetensors

Writes RUN/test: metrics.json with the protocol, and a picture per view.

{OVERRIDES}
exit status: 0 done, 1 the disk or the field failed, 2 wrong config, data, checkpoint or flag, 130 interrupted
"""
MEND = "Free disk space, make the file writable, or choose another folder with --save-dir."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run's arguments."""
    add_run_arguments(parser)


def execute(options: argparse.Namespace) -> int:
    """Tests the run."""
    return run_task(options, "test")
