"""``jnerf export KIND``: points, cameras, slices, occupancy, codebook."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jnerf.checks.suggest import hint
from jnerf.cli.run_arguments import OVERRIDES, add_run_arguments, load_run_config
from jnerf.command_line import command_parser, exit_status, parse

if TYPE_CHECKING:
    from jnerf.export.run import Place

SUMMARY = "export points, cameras, slices, the occupancy grid or the codebook of a run"
KINDS = {
    "points": "a cloud of coloured points with normals, from the depths of the training views",
    "cameras": "transforms.json for instant-ngp, nerfstudio and jnerf, and pyramids to look at",
    "slices": "pictures of density or signed distance, and colour, on planes across an axis",
    "occupancy": "the occupied cells of the sampler's grid, as numbers and as boxes",
    "codebook": "an octree of codebook entries and its network, as one small file",
}
USAGE = """\
usage: jnerf export KIND CONFIG ...

{summary}

kinds:
{kinds}

examples:
  jnerf export points logs/ngp_lego
  jnerf export cameras logs/ngp_lego
  jnerf export slices logs/ngp_lego --axis x
  jnerf export occupancy logs/ngp_lego
  jnerf export codebook logs/vqad_lego_small

jnerf export KIND --help says more. {exits}
"""
_EXITS = "exit status: 0 done, 1 the disk or the field failed, 2 wrong input, 130 interrupted"
_EXAMPLES = {
    "points": """\
  jnerf export points logs/ngp_lego
  jnerf export points logs/ngp_lego --count 200000 --voxel 0.01 --output lego.ply
""",
    "cameras": """\
  jnerf export cameras logs/ngp_lego
  jnerf export cameras ngp_embedded --images --output scene/transforms.json
  jnerf train ngp_fox dataset.root=scene
""",
    "slices": """\
  jnerf export slices logs/ngp_lego
  jnerf export slices logs/ngp_lego --axis x --at -0.2 0 0.2 --channel value --arrays
""",
    "occupancy": """\
  jnerf export occupancy logs/ngp_lego
  jnerf export occupancy logs/ngp_lego --output lego.npz lego.glb
""",
    "codebook": """\
  jnerf export codebook logs/vqad_lego_small
  jnerf export codebook logs/vqad_lego_small --test --output lego.jcb
""",
}
MEND = "Free disk space, make the file writable, or choose another path with --output."


def main(arguments: list[str]) -> int:
    """Runs the command line and returns its exit status.

    Args:
        arguments: the words behind ``jnerf export``.

    Raises:
        SystemExit: help was asked for, or a flag is unknown.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        kinds = "\n".join(f"  {name:10} {said}" for name, said in KINDS.items())
        print(USAGE.format(summary=SUMMARY, kinds=kinds, exits=_EXITS), end="")
        raise SystemExit(0 if arguments else 2)
    kind = arguments[0]
    if kind not in KINDS:
        said = f"unknown kind {kind!r}. {hint(kind, list(KINDS))}"
        print(f"jnerf export: error: {said}", file=sys.stderr)
        return 2
    options = parse(parser_of(kind), arguments[1:])
    return exit_status(lambda: execute(kind, options), MEND)


def parser_of(kind: str) -> argparse.ArgumentParser:
    """The flags of one kind."""
    examples = (
        f"examples:\n{_EXAMPLES[kind]}\nFiles are in RUN/export unless --output says otherwise.\n\n{OVERRIDES}\n"
        f"{_EXITS}"
    )
    parser = command_parser(f"jnerf export {kind}", KINDS[kind], examples)
    add_run_arguments(parser)
    add = parser.add_argument
    if kind == "points":
        add("--count", type=int, default=1_000_000, metavar="N", help="points (default: 1000000)")
        add("--opacity", type=float, default=0.5, metavar="A",
            help="least opacity of a pixel that gives a point (default: 0.5)")  # fmt: skip
        add("--voxel", type=float, metavar="D", help="at most one point in each cube of this edge,"
            " world units")  # fmt: skip
    elif kind == "cameras":
        add("--split", nargs="+", choices=("train", "test"), default=["train", "test"],
            help="whose cameras (default: both)")  # fmt: skip
        add("--images", action="store_true", help="write the views' pictures too, beside the json")
    elif kind == "slices":
        add("--axis", choices=("x", "y", "z"), default="z", help="of the world (default: z)")
        add("--at", type=float, nargs="+", metavar="P", help="places on the axis, world units")
        add("--count", type=int, default=8, metavar="N", help="slices, evenly (default: 8)")
        add("--resolution", type=int, default=512, metavar="N", help="points along the longer side"
            " (default: 512)")  # fmt: skip
        add("--channel", nargs="+", choices=("value", "color"), default=["value", "color"],
            help="density or signed distance, and colour (default: both)")  # fmt: skip
        add("--arrays", action="store_true", help="also write the numbers, slices.npz")
    elif kind == "codebook":
        add("--test", action="store_true", help="judge what is read back from the file, too")
    what = "folder" if kind == "slices" else "files"
    add("--output", nargs="+", metavar="PATH", help=f"{what} to write")
    add("--force", action="store_true", help="replace what is at --output already")
    return parser


def execute(kind: str, options: argparse.Namespace) -> None:
    """Exports what the command line asks for."""
    # ``--output a.ply key=value``: what has a ``=`` is an override, wherever it stands.
    words = options.output or []
    options.overrides += [word for word in words if "=" in word]
    outputs = [Path(word) for word in words if "=" not in word]
    config = load_run_config(options)
    from jnerf.export.run import Place

    place = Place(config, options.save_dir, options.checkpoint, outputs or None, options.force)
    _EXPORTS[kind](place, options)


def _points(place: Place, options: argparse.Namespace) -> None:
    from jnerf.export.points import PointOptions
    from jnerf.export.run import export_points

    export_points(place, PointOptions(options.count, options.opacity, options.voxel))


def _cameras(place: Place, options: argparse.Namespace) -> None:
    from jnerf.export.run import export_cameras

    export_cameras(place, list(dict.fromkeys(options.split)), options.images)


def _slices(place: Place, options: argparse.Namespace) -> None:
    from jnerf.export.run import export_slices
    from jnerf.export.slices import SliceOptions

    where = SliceOptions(options.axis, options.at, options.count, options.resolution)
    export_slices(place, where, options.channel, options.arrays)


def _occupancy(place: Place, options: argparse.Namespace) -> None:
    from jnerf.export.run import export_occupancy

    export_occupancy(place)


def _codebook(place: Place, options: argparse.Namespace) -> None:
    from jnerf.export.run import export_codebook

    export_codebook(place, options.test)


_EXPORTS = {
    "points": _points,
    "cameras": _cameras,
    "slices": _slices,
    "occupancy": _occupancy,
    "codebook": _codebook,
}
