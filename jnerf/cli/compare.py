"""``jnerf compare``."""

from __future__ import annotations

import argparse

SUMMARY = "compare runs side by side: numbers, curves, views, settings"
EXAMPLES = """\
examples:
  jnerf compare logs/ngp_lego logs/nerf_lego                     a table here, and compare.html
  jnerf compare logs/base logs/wide logs/deep --output sizes.html

Differences are from the first run. Numbers of runs that were not judged alike (split, background, resolution, views)
do not compare; a warning says so. Records of benchmarks: jnerf benchmark compare A.json B.json.

exit status: 0 done, 1 the disk failed, 2 no run's folder, or a wrong flag, 130 interrupted
"""
MEND = "Free disk space, make the file writable, or choose another with --output."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The runs and the file."""
    add = parser.add_argument
    add("runs", metavar="RUN", nargs="+", help="folders of runs, such as logs/ngp_lego")
    add("--output", metavar="F", default="compare.html", help="the page to write (compare.html)")
    add("--force", action="store_true", help="write over a file that jnerf has not made")


def execute(options: argparse.Namespace) -> None:
    """Writes the page and prints the table."""
    from pathlib import Path

    from jnerf.report.comparison.write import write_comparison

    output = Path(options.output)
    print(write_comparison([Path(run) for run in options.runs], output, options.force))
    print(f"\ncurves and views: {output}")
