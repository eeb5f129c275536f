"""``jnerf sweep``."""

from __future__ import annotations

import argparse

SUMMARY = "train methods x scenes x settings, here or on a Ray cluster, and tabulate"
EXAMPLES = """\
examples:
  jnerf sweep --config-file ngp_lego plenoxels_lego_small --scene chair lego ship --dry-run
  jnerf sweep --config-file ngp_lego --scene chair drums ficus hotdog lego materials mic ship
  jnerf sweep --config-file ngp_lego nerf_lego --scene 'nerf_synthetic/*' --save-dir logs/paper
  jnerf sweep --config-file ngp_lego optim.lr=1e-2,1e-3 seed=1,2,3 total_steps=2000 --jobs 4
  jnerf sweep --config-file mine/a.py mine/b.py --scene lego mine/scene.py --on ray --save-dir /shared/sweep

CONFIG: a config's name, a .py file, or a run's folder. SCENE: the name of a folder beside the config's own scene, a
path, a scene that comes with jnerf (embedded, lego, fox ...), or a .py file with a dataset block.

overrides:
  key.sub=v1,v2   a run for each value; commas within brackets or quotes do not count: a list is one value, [1,2].
                  Runs that differ in the seed alone are averaged.

The same command again goes on: complete runs are left alone, half ones resume from their checkpoint. Ctrl-C: runs save
and leave. A run that is killed, or whose host goes away, is begun again; one that fails by its own error is reported.

exit status: 0 all complete, 1 some failed, 2 wrong config, data or flag, 130 interrupted
"""
MEND = "Free disk space, make the folder writable, or choose another with --save-dir; what is complete is kept."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of this command."""
    add = parser.add_argument
    add("--config-file", nargs="+", required=True, metavar="CONFIG", help="the methods")
    add(
        "--scene",
        nargs="+",
        default=[],
        metavar="SCENE",
        help="the scenes (default: each config's own)",
    )
    add("overrides", nargs="*", default=[], metavar="key.sub=v1,v2", help="override a setting")
    add("--save-dir", "--save_dir", default="logs/sweep", metavar="D",
        help="folder of the sweep, shared by all hosts (default: logs/sweep)")  # fmt: skip
    add(
        "--on",
        choices=("local", "ray"),
        default="local",
        help="where runs are trained (default: local)",
    )
    add(
        "--address",
        metavar="A",
        help="with --on ray: of the cluster (default: RAY_ADDRESS, else this machine's)",
    )
    add(
        "--jobs",
        type=int,
        metavar="N",
        help="runs at a time (default: one for each GPU, or for each 4 cores)",
    )
    add("--threads", type=int, metavar="N", help="cores of a run (default: the cores, shared out)")
    add("--retries", type=int, default=2, metavar="N",
        help="how often a run that is killed without a new checkpoint is begun again (default: 2)")  # fmt: skip
    add("--stop-on-error", action="store_true", help="stop the others when a run fails")
    add(
        "--dry-run",
        action="store_true",
        help="print the runs, how far each is, and its command; train nothing",
    )
    add(
        "--table",
        action="store_true",
        help="write table and report of what is there; train nothing",
    )


def execute(options: argparse.Namespace) -> int | None:
    """Plans, trains what is not complete, and writes the table."""
    from pathlib import Path

    from jnerf.sweep.plan import make_plan
    from jnerf.sweep.run import Settings, show_plan, sweep, tabulate

    root = Path(options.save_dir)
    here = options.on == "local"
    plan = make_plan(options.config_file, options.scene, options.overrides, root, here)
    if options.dry_run:
        return show_plan(plan)
    if options.table:
        return tabulate(plan)
    how = Settings(
        on=options.on,
        address=options.address,
        jobs=options.jobs,
        threads=options.threads,
        retries=options.retries,
        stop_on_error=options.stop_on_error,
    )
    return sweep(plan, how)
