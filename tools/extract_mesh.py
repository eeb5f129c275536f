"""Extract a coloured triangle mesh, in world units, from a trained run: ``jnerf mesh`` of a checkout."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# Runs from a checkout as well as from an installed package.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from jnerf.cli import mesh  # noqa: E402
from jnerf.cli.run_arguments import add_run_arguments  # noqa: E402
from jnerf.command_line import command_parser, exit_status, parse  # noqa: E402


def make_parser() -> argparse.ArgumentParser:
    """The command line; flags and overrides may come in any order."""
    examples = mesh.EXAMPLES.replace("jnerf mesh ", "python tools/extract_mesh.py --config-file ")
    parser = command_parser("extract_mesh.py", __doc__, examples)
    add_run_arguments(parser, positional=False)
    mesh.add_flags(parser)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    options = parse(make_parser(), arguments)
    return exit_status(lambda: mesh.execute(options), mesh.MEND)


if __name__ == "__main__":
    sys.exit(main())
