"""``jnerf mesh``."""

from __future__ import annotations

import argparse
from pathlib import Path

from jnerf.cli.run_arguments import OVERRIDES, add_run_arguments, load_run_config

SUMMARY = "extract a coloured triangle mesh, in world units, from a trained run"
NOTES = """\
A network with a signed distance gives its zero level; any other gives a level of its density, --level per field unit:
higher is thinner. The field is asked in blocks, and only near the surface: memory follows the surface, not the box.
Files are RUN/mesh/mesh.ply (binary) and RUN/mesh/mesh.obj with a colour per vertex, or with --texture RUN/mesh/mesh.glb
and RUN/mesh/mesh.obj with a picture, unless --output says otherwise.
"""
EXAMPLES = f"""\
examples:
  jnerf mesh logs/ngp_lego
  jnerf mesh logs/ngp_lego --resolution 512 --largest
  jnerf mesh logs/ngp_lego --resolution 512 --texture 2048 --output lego.glb
  jnerf mesh logs/ngp_lego --level 50 --faces 200000 --output lego.ply
  jnerf mesh logs/ngp_lego --bound -1 -1 -1 1 1 1 --resolution 1024 --min-faces 1000
  jnerf mesh ngp_lego --checkpoint PATH --sphere --close --no-color

{NOTES}
{OVERRIDES}
exit status: 0 done, 1 the disk or the field failed, 2 wrong config, data, checkpoint or flag, 130 interrupted
"""
MEND = "Free disk space, make the file writable, or choose another path with --output."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run's arguments, and the flags of this command."""
    add_run_arguments(parser)
    add_flags(parser)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this command."""
    add = parser.add_argument
    add("--resolution", type=int, default=256, metavar="N", help="points along the longest side"
        " (default: 256)")  # fmt: skip
    add("--bound", type=float, nargs=6, metavar=("X0", "Y0", "Z0", "X1", "Y1", "Z1"),
        help="a box of the world (default: the field's box)")  # fmt: skip
    add("--level", "--threshold", type=float, metavar="L", help="signed distance (default: 0)"
        " or density (default: 25) of the surface, field units")  # fmt: skip
    add("--largest", action="store_true", help="keep only the largest connected part")
    add("--min-faces", type=int, default=0, metavar="N",
        help="keep only connected parts of at least N faces")  # fmt: skip
    add("--min-size", type=float, default=0.0, metavar="D", help="keep only connected parts whose"
        " bounding box has a diagonal of D or more, world units")  # fmt: skip
    add("--sphere", action="store_true", help="keep only what is in the scene's sphere")
    add("--close", action="store_true", help="close the surface where box or sphere cut it")
    add("--visible", action=argparse.BooleanOptionalAction, help="keep only what the scene's views"
        " see (default: with --texture)")  # fmt: skip
    add("--faces", type=int, metavar="N", help="simplify to about N faces (default: as extracted;"
        " with --texture 50000)")  # fmt: skip
    add("--no-color", action="store_true", help="do not ask for colours")
    add("--texture", type=int, metavar="SIZE", help="put the colours into a picture of SIZE x SIZE"
        " texels, for .glb and .obj")  # fmt: skip
    add("--output", nargs="+", metavar="FILE", help="files to write: .ply, .obj, .glb")
    add("--force", action="store_true", help="replace files of --output that are there already")


def execute(options: argparse.Namespace) -> None:
    """Extracts the mesh."""
    outputs = [Path(word) for word in options.output or []]
    config = load_run_config(options)
    from jnerf.mesh.options import MeshOptions
    from jnerf.mesh.run import run_extraction

    wanted = MeshOptions(
        resolution=options.resolution,
        bound=options.bound,
        level=options.level,
        largest=options.largest,
        min_faces=options.min_faces,
        min_size=options.min_size,
        sphere=options.sphere,
        close=options.close,
        visible=options.visible,
        faces=options.faces,
        color=not options.no_color,
        texture=options.texture,
    )
    where = options.save_dir, options.checkpoint
    run_extraction(config, wanted, *where, outputs or None, options.force)
