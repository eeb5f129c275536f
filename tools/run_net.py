"""Train, test or render a neural field from a config file: the commands ``jnerf train|test|render`` of a checkout."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# Runs from a checkout as well as from an installed package.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from jnerf.cli import render, test, train  # noqa: E402
from jnerf.cli.run_arguments import OVERRIDES, add_run_arguments  # noqa: E402
from jnerf.command_line import command_parser, exit_status, parse  # noqa: E402

EXAMPLES = f"""\
examples:
  python tools/run_net.py --config-file projects/ngp/configs/ngp_lego.py
  python tools/run_net.py --config-file CONFIG --task train --resume
  python tools/run_net.py --config-file CONFIG --task test --checkpoint PATH
  python tools/run_net.py --config-file CONFIG --task render render.n_frames=60
  python tools/run_net.py --config-file CONFIG n_rays=1024 optim.lr=5e-3 evaluation.steps.0=50
  python tools/run_net.py --config-file CONFIG --diff OTHER_CONFIG
  python tools/run_net.py --config-file CONFIG --print-config 'loss=dict(type="MSELoss")'

{OVERRIDES}
exit status: 0 done, 1 training failed, 2 wrong config, data, checkpoint or flag, 130 interrupted
"""
TASKS = {"train": train, "test": test, "render": render}


def make_parser() -> argparse.ArgumentParser:
    """The command line; flags and overrides may come in any order."""
    # A flag that two tasks have is one flag.
    parser = command_parser("run_net.py", __doc__, EXAMPLES, conflict_handler="resolve")
    add_run_arguments(parser, positional=False)
    parser.add_argument("--task", choices=list(TASKS), default="train", help="default: train")
    render.add_flags(parser)
    train.add_flags(parser)
    return parser


def execute(options: argparse.Namespace) -> int | None:
    """Do what the command line asks, and give the exit status."""
    if train.looks(options):
        return train.look(options)
    return TASKS[options.task].execute(options)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    options = parse(make_parser(), arguments)
    return exit_status(lambda: execute(options), train.MEND)


if __name__ == "__main__":
    sys.exit(main())
