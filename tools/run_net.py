"""Train, test or render a neural field from a config file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jnerf.config import Config

# Runs from a checkout as well as from an installed package.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

EXAMPLES = """\
examples:
  python tools/run_net.py --config-file projects/ngp/configs/ngp_lego.py
  python tools/run_net.py --config-file CONFIG --task train --resume
  python tools/run_net.py --config-file CONFIG --task test --checkpoint PATH
  python tools/run_net.py --config-file CONFIG --task render render.n_frames=60
  python tools/run_net.py --config-file CONFIG n_rays=1024 optim.lr=5e-3 evaluation.steps.0=50
  python tools/run_net.py --config-file CONFIG --diff OTHER_CONFIG
  python tools/run_net.py --config-file CONFIG --print-config 'loss=dict(type="MSELoss")'

overrides:
  key.sub=value   value is a Python literal, dict(...), true/false/none, or a bare string.
                  Another type starts its block afresh: give its arguments with it.

exit status: 0 done, 1 training failed, 2 wrong config, data, checkpoint or flag, 130 interrupted
"""


def make_parser() -> argparse.ArgumentParser:
    """The command line; flags and overrides may come in any order."""
    from jnerf.command_line import run_parser

    parser = run_parser("run_net.py", __doc__, EXAMPLES)
    add = parser.add_argument
    add("--task", choices=["train", "test", "render"], default="train", help="default: train")
    add("--resume", action="store_true", help="go on from the last good checkpoint of the run")
    add("--print-config", action="store_true", help="print the resolved config and stop")
    add("--diff", metavar="OTHER", help="print what changes from this config to OTHER and stop")
    add("--check", action="store_true", help="check every module's arguments and stop")
    return parser


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line; on an unknown flag, exit with status 2 and name the nearest."""
    from jnerf.command_line import parse

    return parse(make_parser(), arguments)


def look(options: argparse.Namespace, config: Config) -> None:
    """Do what asks for no run, once all names in the configs are found right; a base config may lack what it likes."""
    from jnerf.config import load_config
    from jnerf.config.check import check

    check(config, complete=options.check)
    if options.diff is not None:
        other = load_config(options.diff)
        check(other, complete=False)
        print("\n".join(config.diff(other)) or "no difference")
    if options.print_config:
        print(config.dump(), end="")
    if options.check:
        print(f"{options.config_file}: names and types are ok; ranges are checked when it runs")


def execute(options: argparse.Namespace) -> int:
    """Do what the command line asks, and give the exit status."""
    from jnerf.command_line import INTERRUPTED
    from jnerf.config import load_config

    config = load_config(options.config_file, options.overrides)
    if options.diff is not None or options.print_config or options.check:
        look(options, config)
        return 0
    from jnerf.engine.run import run

    done = run(
        config,
        task=options.task,
        save_dir=options.save_dir,
        resume=options.resume,
        checkpoint=options.checkpoint,
    )
    return 0 if done["complete"] else INTERRUPTED


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    options = parse_arguments(arguments)
    from jnerf.command_line import exit_status

    mend = "Free disk space, make the file writable, or choose another folder with --save-dir."
    return exit_status(lambda: execute(options), mend)


if __name__ == "__main__":
    sys.exit(main())
