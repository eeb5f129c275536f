"""``jnerf train``."""

from __future__ import annotations

import argparse
import signal
from contextlib import nullcontext
from typing import TYPE_CHECKING

from jnerf.cli.run_arguments import OVERRIDES, add_run_arguments, load_run_config
from jnerf.errors import ConfigError
from jnerf.runtime import mpi

if TYPE_CHECKING:
    from jnerf.config import Config

SUMMARY = "train a field from a config, then test it"
EXAMPLES = f"""\
examples:
  jnerf train ngp_embedded
  jnerf train ngp_lego dataset.root=/data/nerf_synthetic/ship exp_name=ship
  jnerf train ngp_lego --viewer
  jnerf train ngp_lego --resume
  mpirun -np 4 jnerf train ngp_lego
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
    add("--check", action="store_true", help="check names, types and ranges of all settings, "
        "and whether the modules fit together, without the scene, and stop")  # fmt: skip
    add_viewer_flags(parser, "with --viewer: ")
    add("--viewer", action="store_true", help="show the field in the browser while it is trained")


def execute(options: argparse.Namespace) -> int | None:
    """Trains, or shows what would be trained."""
    if looks(options):
        return look(options)
    return train(options)


def add_viewer_flags(parser: argparse.ArgumentParser, when: str = "") -> None:
    """Where the viewer's page is.

    Args:
        parser: of a command that has a page.
        when: put before the help of each flag.
    """
    add = parser.add_argument
    add("--host", default="127.0.0.1", metavar="ADDRESS",
        help=f"{when}address to listen on (default: 127.0.0.1, this machine alone)")  # fmt: skip
    add(
        "--port",
        type=int,
        default=8080,
        help=f"{when}port; the next free one if it is taken (default: 8080)",
    )


def train(options: argparse.Namespace) -> int:
    """Trains; SIGUSR1 re-reads the config and edited kernels, and a viewer shows the field if it is asked for."""
    if mpi.several():
        return _train_together(options)
    from jnerf.engine.live.edits import LiveEdits

    edits = LiveEdits(lambda: load_run_config(options))
    if not options.viewer:
        return run_task(options, "train", hooks=[edits])
    from jnerf.viewer.viewer import Viewer

    viewer = Viewer(options.host, options.port, edits)
    try:
        status = run_task(options, "train", hooks=[edits, viewer])
        if not status:
            viewer.stay()
    finally:
        viewer.close()
    return status


def _train_together(options: argparse.Namespace) -> int:
    """Trains as one of several processes, whose settings and kernels must stay what all have."""
    if options.viewer:
        raise ConfigError(
            "--viewer shows, and changes, the training of one process: start it without mpirun, or look at the run's "
            "folder with jnerf view while it is trained"
        )
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # mpirun hands it on to all
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
        print(f"{options.config}: {_checked(config)}")


def _checked(config: Config) -> str:
    """What ``--check`` has found right of a config, and what only a run can."""
    from jnerf.engine.pipeline.ranges import check_ranges

    if check_ranges(config):
        return "names, types and ranges are ok, and the modules fit together; the scene is read when it runs"
    return "names and types are ok; ranges are checked when it runs, since no other scene can stand in for this one"


def run_task(options: argparse.Namespace, task: str, **more: object) -> int:
    """Runs a task of the config that the command line names; returns the exit status.

    Args:
        options: parsed, of a parser with the run arguments.
        task: ``train``, ``test`` or ``render``.
        more: further arguments of ``jnerf.engine.run.run``.
    """
    from jnerf.command_line import INTERRUPTED

    config = load_run_config(options)
    from jnerf.engine.run import run
    from jnerf.report.write import report_after, report_if_broken

    reports = mpi.speaks()
    with report_if_broken(config) if reports else nullcontext():
        done = run(
            config,
            task=task,
            save_dir=options.save_dir,
            resume=getattr(options, "resume", False),
            checkpoint=options.checkpoint,
            **more,
        )
    if reports:
        report_after(config, done)
    return 0 if done["complete"] else INTERRUPTED
