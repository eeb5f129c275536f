"""Extract a coloured triangle mesh, in world units, from a trained run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# Runs from a checkout as well as from an installed package.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

EXAMPLES = """\
examples:
  python tools/extract_mesh.py --config-file projects/ngp/configs/ngp_lego.py
  python tools/extract_mesh.py --config-file CONFIG --resolution 512 --largest
  python tools/extract_mesh.py --config-file CONFIG --level 50 --output lego.ply
  python tools/extract_mesh.py --config-file CONFIG --bound -1 -1 -1 1 1 1 --resolution 512
  python tools/extract_mesh.py --config-file CONFIG --checkpoint PATH --sphere --close --no-color

A network with a signed distance gives its zero level; any other gives a level of its density, --level per field unit:
higher is thinner. The field is asked in blocks, and only near the surface. Files are RUN/mesh/mesh.ply (binary, with
normals) and RUN/mesh/mesh.obj, both with a colour per vertex, unless --output says otherwise.

exit status: 0 done, 1 the disk or the field failed, 2 wrong config, data, checkpoint or flag, 130 interrupted
"""


def make_parser() -> argparse.ArgumentParser:
    """The command line; flags and overrides may come in any order."""
    from jnerf.command_line import run_parser

    parser = run_parser("extract_mesh.py", __doc__, EXAMPLES)
    add = parser.add_argument
    add("--resolution", type=int, default=256, metavar="N", help="points along the longest side"
        " (default: 256)")  # fmt: skip
    add("--bound", type=float, nargs=6, metavar=("X0", "Y0", "Z0", "X1", "Y1", "Z1"),
        help="a box of the world (default: the field's box)")  # fmt: skip
    add("--level", type=float, metavar="L", help="signed distance (default: 0) or density"
        " (default: 25) of the surface, field units")  # fmt: skip
    add("--largest", action="store_true", help="keep only the largest connected part")
    add("--sphere", action="store_true", help="keep only what is in the scene's sphere")
    add("--close", action="store_true", help="close the surface where box or sphere cut it")
    add("--no-color", action="store_true", help="do not ask for colours")
    add("--output", nargs="+", metavar="FILE", help="files to write, .ply or .obj")
    return parser


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line; on an unknown flag, exit with status 2 and name the nearest.

    ``--output a.ply key=value``: what has a ``=`` is an override, wherever it stands.
    """
    from jnerf.command_line import parse

    options = parse(make_parser(), arguments)
    files = options.output or []
    options.overrides += [word for word in files if "=" in word]
    options.output = [Path(word) for word in files if "=" not in word]
    return options


def execute(options: argparse.Namespace) -> None:
    """Do what the command line asks."""
    from jnerf.config import load_config

    config = load_config(options.config_file, options.overrides)
    from jnerf.mesh.options import MeshOptions
    from jnerf.mesh.run import run_extraction

    wanted = MeshOptions(
        options.resolution,
        options.bound,
        options.level,
        options.largest,
        options.sphere,
        options.close,
        not options.no_color,
    )
    run_extraction(config, wanted, options.save_dir, options.checkpoint, options.output)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    options = parse_arguments(arguments)
    from jnerf.command_line import exit_status

    mend = "Free disk space, make the file writable, or choose another path with --output."
    return exit_status(lambda: execute(options), mend)


if __name__ == "__main__":
    sys.exit(main())
