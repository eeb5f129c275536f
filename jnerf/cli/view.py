"""``jnerf view``."""

from __future__ import annotations

import argparse

from jnerf.cli.run_arguments import OVERRIDES, add_run_arguments, load_run_config
from jnerf.cli.train import add_viewer_flags

SUMMARY = "show a trained run in the browser"
EXAMPLES = f"""\
examples:
  jnerf view logs/ngp_lego
  jnerf view logs/ngp_lego --port 8090
  jnerf view logs/ngp_lego --import mine/my_panel.py
  jnerf train ngp_lego --viewer          the same while it is trained

Prints the page's address; Ctrl-C ends it. Reads RUN; screenshots and meshes that you ask for go into it.

{OVERRIDES}
exit status: 0 ended by Ctrl-C, 1 no port or no viser, 2 wrong config, data, checkpoint or flag
"""
MEND = "Free disk space, make the file writable, or choose another folder with --save-dir."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run's arguments, and the page's."""
    add_run_arguments(parser)
    add_viewer_flags(parser)
    parser.add_argument(
        "--import",
        dest="imports",
        action="append",
        default=[],
        metavar="FILE",
        help="a file with panels or channels of your own; may be given more than once",
    )


def execute(options: argparse.Namespace) -> None:
    """Serves the page until Ctrl-C."""
    from pathlib import Path

    config = load_run_config(options)
    own = [str(Path(file).resolve()) if file.endswith(".py") else file for file in options.imports]
    config.custom_imports = [*(config.get("custom_imports") or []), *own]
    from jnerf.viewer.run import view_run

    view_run(config, options.checkpoint, options.host, options.port)
