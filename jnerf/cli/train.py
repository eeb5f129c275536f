"""``jnerf train``."""

from __future__ import annotations

import argparse

from jnerf.cli.run_arguments import OVERRIDES, add_run_arguments, load_run_config

SUMMARY = "train a field from a config, then test it"
EXAMPLES = f"""\
examples:
  jnerf train ngp_embedded
  jnerf train ngp_lego dataset.root=/data/nerf_synthetic/ship exp_name=ship
  jnerf train ngp_lego --resume
  jnerf train logs/ngp_lego --resume total_steps=50000
  jnerf train mine/config.py n_rays=1024 optim.lr=5e-3 evaluation.steps.0=50
  jnerf train ngp_lego --checkpoint logs/other/checkpoints/step_00001000.safetensors
  jnerf train ngp_lego --diff ngp_fast
  jnerf train ngp_lego --print-config 'loss=dict(type="MSELoss")'

{OVERRIDES}
exit status: 0 done, 1 training failed, 2 wrong config, data, checkpoint or flag, 130 interrupted
"""
MEND = "Free disk space, make the file writable, or choose another folder with --save-dir."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run's arguments, and the flags of this command."""
    add_run_arguments(parser)
    add_flags(parser)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this command."""
    add = parser.add_argument
    add("--resume", action="store_true", help="go on from the last good checkpoint of the run")
    add("--print-config", action="store_true", help="print the resolved config and stop")
    add("--diff", metavar="OTHER", help="print what changes from this config to OTHER and stop")
    add("--check", action="store_true", help="check every module's arguments and stop")


def execute(options: argparse.Namespace) -> int | None:
    """Trains, or shows what would be trained."""
    if looks(options):
        return look(options)
    return run_task(options, "train")


def looks(options: argparse.Namespace) -> bool:
    """Whether the command line asks to see a config, and not for a run."""
    return options.diff is not None or options.print_config or options.check


def look(options: argparse.Namespace) -> None:
    """Does what asks for no run, once all names in the configs are right; a base config may lack what it likes."""
    from jnerf.config import find_config, load_config
    from jnerf.config.check import check

    config = load_run_config(options)
    check(config, complete=options.check)
    if options.diff is not None:
        other = load_config(find_config(options.diff))
        check(other, complete=False)
        print("\n".join(config.diff(other)) or "no difference")
    if options.print_config:
        print(config.dump(), end="")
    if options.check:
        print(f"{options.config}: names and types are ok; ranges are checked when it runs")


def run_task(options: argparse.Namespace, task: str) -> int:
    """Runs a task of the config that the command line names; returns the exit status.

    Args:
        options: parsed, of a parser with the run arguments.
        task: ``train``, ``test`` or ``render``.
    """
    from jnerf.command_line import INTERRUPTED

    config = load_run_config(options)
    from jnerf.engine.run import run

    done = run(
        config,
        task=task,
        save_dir=options.save_dir,
        resume=getattr(options, "resume", False),
        checkpoint=options.checkpoint,
    )
    from jnerf.report.write import report_after

    report_after(config, done)
    return 0 if done["complete"] else INTERRUPTED
