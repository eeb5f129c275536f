"""``jnerf process``."""

from __future__ import annotations

import argparse

SUMMARY = "make a scene of photographs, a video, or what COLMAP has made already"
EXAMPLES = """\
examples:
  jnerf process images PHOTOS --output SCENE
  jnerf process video FILM.mp4 --output SCENE --frames 150
  jnerf process colmap PROJECT --output SCENE
  jnerf process images PHOTOS --output SCENE --resume     go on after Ctrl-C or a crash
  jnerf train ngp_capture dataset.root=SCENE              train on it (./SCENE, if it is below this folder)
  jnerf doctor --data SCENE                               look whether anything is odd about it

COLMAP finds the cameras: as pycolmap (pip install 'jnerf[capture]'), or as an installed program (--colmap). SCENE gets
images, sparse/0, transforms.json and sparse_pc.ply, which instant-ngp and nerfstudio read as well, smaller copies of
the images, process_report.json and cameras.png: look at that picture. docs/captures.md says what each line means, and
what to do when few pictures get a pose.

exit status: 0 done (with a warning where fewer than 80 % of the pictures got a pose), 1 COLMAP failed, 2 wrong flag,
missing or broken input, a folder that is taken, or not one pose, 130 interrupted
"""
MEND = "Free disk space, or choose another --output."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of this command."""
    add = parser.add_argument
    add("kind", metavar="images|video|colmap", help="what INPUT is")
    add(
        "input",
        metavar="INPUT",
        help="folder of pictures, video, or folder with a COLMAP model and its images",
    )
    add("--output", required=True, metavar="SCENE", help="folder to make the scene in")
    add("--resume", action="store_true", help="go on with what an earlier call has begun")
    add("--force", action="store_true", help="begin anew what an earlier call has made")
    add(
        "--masks",
        metavar="FOLDER",
        help="masks, <picture>.png: black is neither matched nor trained on",
    )
    add(
        "--frames",
        type=int,
        default=120,
        metavar="N",
        help="of a video: the sharpest of N windows (120)",
    )
    add(
        "--matching",
        metavar="exhaustive|sequential|vocabtree",
        help="pairs of pictures (video: sequential, else exhaustive, which takes long beyond 300)",
    )
    add(
        "--overlap",
        type=int,
        default=10,
        metavar="N",
        help="sequential: with how many following ones (10)",
    )
    add("--vocabulary", metavar="FILE", help="vocabtree: file of the tree; nothing is downloaded")
    add("--mapper", default="incremental", metavar="incremental|global", help="(incremental)")
    add(
        "--cameras",
        default="auto",
        metavar="auto|single|folder|image",
        help="pictures that one camera took: of one folder, size and EXIF focal length (auto), all, of one folder, "
        "or each its own",
    )
    add(
        "--lens",
        default="OPENCV",
        metavar="MODEL",
        help="COLMAP's lens model (OPENCV; fisheye: OPENCV_FISHEYE)",
    )
    add(
        "--image-size",
        type=int,
        default=2000,
        metavar="N",
        help="search pictures in at most this size (2000)",
    )
    add(
        "--features",
        type=int,
        default=4096,
        metavar="N",
        help="at most so many of a picture (4096)",
    )
    add(
        "--thorough",
        action="store_true",
        help="DSP-SIFT: for few or little textured pictures, slower",
    )
    add(
        "--copies",
        default="2,4,8",
        metavar="N,N",
        help="factors of down-scaled copies, or 0 for none (2,4,8)",
    )
    add("--seed", type=int, default=0, metavar="N", help="of COLMAP's random numbers (0)")
    add("--colmap", metavar="PROGRAM", help="use an installed colmap program instead of pycolmap")


def execute(options: argparse.Namespace) -> int:
    """Makes the scene and prints the report."""
    import shlex
    import sys
    from pathlib import Path

    from jnerf.capture.process import process
    from jnerf.errors import JnerfError

    settings = _settings(options)
    output = Path(options.output).expanduser()
    try:
        outcome = process(settings, output, options.resume, options.force, options.colmap)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"what was found is kept: --resume goes on with {output}") from None
    except JnerfError:
        sys.stdout.flush()
        raise
    print("\n" + "\n".join(outcome.lines))
    print(f"\ncameras are drawn in {output / 'cameras.png'}. Train on the scene:")
    root = output if output.is_absolute() else f"./{output}"
    words = ["jnerf", "train", "ngp_capture", f"dataset.root={root}", f"exp_name={output.resolve().name}"]
    if outcome.backdrop:  # behind pictures too, or PSNR would compare them with a black one
        color = ",".join(map(str, outcome.backdrop))
        words += [f"renderer.background={color}", f"renderer.test_background={color}"]
    print(f"  {shlex.join(words)}")
    if not outcome.enough:
        print(
            f"warning: only {outcome.facts.registered} of {outcome.facts.pictures} pictures have a pose",
            file=sys.stderr,
        )
    return 0


def _settings(options: argparse.Namespace):
    from pathlib import Path
    from typing import get_args

    from jnerf.capture.colmap.jobs import Mapper, Matching
    from jnerf.capture.settings import KINDS, SHARINGS, Settings
    from jnerf.checks.suggest import hint
    from jnerf.errors import ConfigError

    def one_of(flag: str, value: str, allowed: tuple[str, ...]) -> str:
        if value not in allowed:
            raise ConfigError(f"unknown {flag} '{value}'. {hint(value, allowed)}")
        return value

    def path(value: str | None) -> Path | None:
        return None if value is None else Path(value).expanduser()

    try:
        copies = tuple(int(word) for word in options.copies.split(",") if int(word))
    except ValueError:
        raise ConfigError(f"--copies are factors like 2,4,8, got '{options.copies}'") from None
    matching = options.matching and one_of("--matching", options.matching, get_args(Matching))
    return Settings(
        kind=one_of("kind of input", options.kind, KINDS),
        source=path(options.input),
        masks=path(options.masks),
        frames=options.frames,
        matching=matching,
        overlap=options.overlap,
        vocabulary=path(options.vocabulary),
        mapper=one_of("--mapper", options.mapper, get_args(Mapper)),
        cameras=one_of("--cameras", options.cameras, SHARINGS),
        lens=options.lens,
        image_size=options.image_size,
        features=options.features,
        thorough=options.thorough,
        copies=copies,
        seed=options.seed,
    )
