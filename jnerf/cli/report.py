"""``jnerf report``."""

from __future__ import annotations

import argparse

SUMMARY = "write report.html of a run again, from its folder"
EXAMPLES = """\
examples:
  jnerf report logs/ngp_lego                        writes logs/ngp_lego/report.html
  jnerf report logs/ngp_lego --output lego.html

Every task of a run ends with its report; this is for runs that were killed, of earlier versions, or trained with
report=false. It reads files only: the scene is not needed, and no model is loaded.

exit status: 0 done, 1 the disk failed, 2 no run's folder, or a wrong flag, 130 interrupted
"""
MEND = "Free disk space, make the file writable, or choose another with --output."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run and the file."""
    add = parser.add_argument
    add("run", metavar="RUN", help="folder of a run, such as logs/ngp_lego")
    add("--output", metavar="F", help="the page to write (default: RUN/report.html)")
    add("--force", action="store_true", help="write over a file that jnerf has not made")


def execute(options: argparse.Namespace) -> None:
    """Writes the page."""
    from pathlib import Path

    from jnerf.report.write import write_report

    output = Path(options.output) if options.output else Path(options.run) / "report.html"
    run = write_report(Path(options.run), output, options.force)
    for problem in run.problems:
        print(f"note: {problem}")
    print(f"{run.name}: {output}")
