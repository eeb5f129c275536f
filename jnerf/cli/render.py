"""``jnerf render``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from jnerf.cli.run_arguments import OVERRIDES, add_run_arguments
from jnerf.cli.train import run_task

if TYPE_CHECKING:
    from jnerf.engine.rendering.request import FilmRequest

SUMMARY = "render a film, or pictures, of a trained run"
EXAMPLES = f"""\
examples:
  jnerf render logs/ngp_lego
  jnerf render logs/ngp_lego --path interpolate --seconds 8 --resolution 1280 720 --channels color
  jnerf render logs/ngp_lego --path flight.json --output flight.mp4 --format mp4
  jnerf render logs/ngp_lego --path views --split test --format png --background none
  jnerf render logs/ngp_lego --channels color depth --format exr --frames 40
  jnerf render logs/ngp_lego --save-path orbit.json
  jnerf render logs/image_albert --path zoom --seconds 6
  jnerf render logs/image_albert --window 400 300 656 556 --resolution 2048 2048
  jnerf render logs/ngp_lego render.n_frames=60 render.width=400 render.height=400

Writes films and a record of what they show into RUN/render, or where --output says. Without flags it is an orbit as the
config's block render says, colour and depth side by side, as mp4 and gif. Frames are kept until the film is ready:
--resume goes on with a film that was broken off. docs/rendering.md describes paths, their files, and formats.

{OVERRIDES}
exit status: 0 done, 1 the disk or the field failed, 2 wrong config, data, checkpoint or flag, 130 interrupted
"""
MEND = "Free disk space, make the file writable, or choose another place with --output."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run's arguments, and the flags of this command."""
    add_run_arguments(parser)
    add_flags(parser)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this command."""
    _add_path_flags(parser)
    add = parser.add_argument
    add("--resolution", nargs=2, type=int, metavar=("W", "H"), help="of a frame, pixels")
    add("--scale", type=float, default=1.0, metavar="S", help="of the resolution, such as 0.5")
    add("--fps", type=float, metavar="N", help="frames per second")
    add("--frames", type=int, metavar="N", help="how many frames")
    add("--seconds", type=float, metavar="S", help="length of the film, instead of --frames")
    add("--channels", nargs="+", metavar="C",
        help="of color, depth, normal, opacity: a film for each")  # fmt: skip
    add("--side-by-side", action="store_true", help="the channels beside one another in one film")
    add("--depth-range", nargs=2, type=float, metavar=("NEAR", "FAR"),
        help="ends of the colours of depth, world units (default: found, for the whole film)")  # fmt: skip
    add("--background", nargs="+", metavar="B",
        help="black, white, none (alpha), or R G B from 0 to 1 (default: black)")  # fmt: skip
    add("--format", nargs="+", metavar="F",
        help="of mp4, gif, png (a folder of frames), exr (numbers) (default: mp4 gif)")  # fmt: skip
    add("--output", type=Path, metavar="PATH",
        help="folder, or an .mp4 or .gif file (default: RUN/render)")  # fmt: skip
    add("--force", action="store_true", help="replace what lies there")
    add("--resume", action="store_true", help="go on with a film that was broken off")
    add("--save-path", type=Path, metavar="FILE", help="also write every camera as path json")


def _add_path_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of where the camera goes."""
    add = parser.add_argument
    add("--path", metavar="P",
        help="orbit, spiral (captures that face one way), interpolate (between training views), views (those of a "
        "split), or FILE.json of jnerf, instant-ngp or nerfstudio (default: what suits the scene); of a picture zoom, "
        "or FILE.json of windows")  # fmt: skip
    add("--window", nargs=4, type=float, metavar=("LEFT", "TOP", "RIGHT", "BOTTOM"),
        help="of a picture: one frame that shows this part of it, in its pixels")  # fmt: skip
    add("--split", choices=["train", "val", "test"], help="of --path views (default: test)")
    add("--order", choices=["tour", "capture"],
        help="of --path interpolate: a short way past views spread over the capture, or the order in which they were "
        "taken (default: tour)")  # fmt: skip
    add("--stops", type=int, metavar="N", help="of --path interpolate: views (default: 12)")
    add("--loop", action="store_true", help="of --path interpolate: back to the first view")
    add("--placement", metavar="FILE",
        help="of nerfstudio's paths: its dataparser_transforms.json; none: they are in world units")  # fmt: skip
    add("--fov", type=float, metavar="DEG", help="vertical field of view of all frames")


def execute(options: argparse.Namespace) -> int:
    """Renders the film."""
    _sort_out(options)
    return run_task(options, "render", film=request(options))


def request(options: argparse.Namespace) -> FilmRequest:
    """The film that the command line asks for.

    Raises:
        ConfigError: a flag is out of range, or contradicts another.
    """
    from jnerf.engine.rendering.request import FilmRequest, PathRequest

    path = {"kind": options.path, "split": options.split, "order": options.order, "stops": options.stops,
            "loop": options.loop or None, "placement": options.placement, "fov": options.fov,
            "window": _tuple(options.window)}  # fmt: skip
    _check_meant(_given(path))
    film = {
        "path": PathRequest(**_given(path)),
        "size": _tuple(options.resolution),
        "scale": options.scale,
        "fps": options.fps,
        "n_frames": options.frames,
        "seconds": options.seconds,
        "channels": _tuple(options.channels),
        "side_by_side": options.side_by_side or _together(options),
        "formats": _tuple(options.format),
        "depth_range": _tuple(options.depth_range),
        "output": options.output,
        "force": options.force,
        "resume": options.resume,
        "save_path": options.save_path,
    }
    return FilmRequest(**_given(film), **_background(options.background))


def _sort_out(options: argparse.Namespace) -> None:
    """Moves overrides to the others that stand behind a flag of several words, which took them for its own."""
    for name in ("channels", "format", "background"):
        words = getattr(options, name)
        if words is not None:
            options.overrides += [word for word in words if "=" in word]
            setattr(options, name, [word for word in words if "=" not in word])


def _check_meant(path: dict[str, object]) -> None:
    """Refuses flags of another path than the one that is asked for: they would change nothing.

    Args:
        path: those of the path that were given.
    """
    from jnerf.errors import ConfigError

    kind = str(path.get("kind", ""))
    of = {"split": "views", "order": "interpolate", "stops": "interpolate", "loop": "interpolate"}
    of["placement"] = "FILE.json"
    asked = "FILE.json" if kind.endswith(".json") else kind
    for flag, meant in of.items():
        if flag in path and meant != asked:
            raise ConfigError(f"--{flag} is of --path {meant}: give that too, or leave --{flag} out")


def _given(flags: dict[str, object]) -> dict[str, object]:
    """Those that were given; the others are left to their defaults."""
    return {name: value for name, value in flags.items() if value is not None}


def _together(options: argparse.Namespace) -> bool:
    """What nobody chose is shown in one film, as ever; pictures are one of each channel."""
    return options.channels is None and not {"png", "exr"} & set(options.format or ())


def _tuple(values: list | None) -> tuple | None:
    return None if values is None else tuple(values)


def _background(words: list[str] | None) -> dict[str, object]:
    """What ``--background`` says, as an argument of the film."""
    from jnerf.errors import ConfigError

    named = {"black": (0.0, 0.0, 0.0), "white": (1.0, 1.0, 1.0), "none": None}
    if words is None:
        return {}
    if len(words) == 1 and words[0] in named:
        return {"background": named[words[0]]}
    try:
        color = tuple(float(word) for word in words)
    except ValueError:
        color = ()
    if len(color) != 3 or not all(0 <= channel <= 1 for channel in color):
        raise ConfigError(
            f"--background is {' '.join(words)}: it must be {', '.join(named)}, or three numbers from 0 to 1"
        )
    return {"background": color}
