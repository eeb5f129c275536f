"""``jnerf doctor``, also ``python -m jnerf.doctor``."""

from __future__ import annotations

import argparse
from pathlib import Path

from jnerf.errors import ConfigError

SUMMARY = "say what jnerf finds on this machine, and how to mend what is wrong"
EXAMPLES = """\
examples:
  jnerf doctor
  jnerf doctor --fix
  jnerf doctor --compile
  jnerf doctor --data SCENE
  jnerf doctor --data embedded --picture cameras.png

Every line reads OK, warn or FAIL. --fix first has pip install what is missing, into the environment that runs: Jittor,
which pip cannot take for jnerf by itself since it demands an old NumPy, and the packages of jnerf. --compile also
builds Jittor and runs one of jnerf's ops, which is the proof; it takes about a minute the first time.

--data looks at a scene instead, of any format: its files, and whether poses, focal length, lens, scale and box agree
with what its pictures show. It draws the cameras. docs/captures.md says what each line means.

exit status: 0 nothing reads FAIL, 1 something does or pip failed, 2 wrong flag, 130 interrupted
"""
MEND = "Free disk space, or make the file writable."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of this command."""
    add = parser.add_argument
    add("--fix", action="store_true", help="have pip install Jittor and whatever is missing")
    add("--compile", action="store_true", help="build Jittor and run one of jnerf's ops")
    add("--data", metavar="SCENE", help="look at a scene: its folder as dataset.root has it, or embedded")
    add("--picture", metavar="PNG", help="with --data: where to draw the cameras (./doctor_<scene>.png)")


def execute(options: argparse.Namespace) -> int:
    """Prints the findings; returns the exit status."""
    from jnerf.checkup.report import findings, report

    if options.data is not None:
        picture = _picture(options)
        from jnerf.checkup.scene.look import findings as findings_of

        return report(findings_of(options.data, picture))
    if options.picture is not None:
        raise ConfigError("--picture draws the cameras of a scene: name one with --data SCENE")
    if options.fix:
        from jnerf.checkup.fix import install_missing

        install_missing()
    return report(findings(options.compile))


def _picture(options: argparse.Namespace) -> Path:
    """Where the cameras are drawn; an error if they could not be."""
    from jnerf.files import check_writable

    name = options.picture or f"doctor_{Path(options.data).resolve().name}.png"
    path = Path(name).expanduser()
    if path.suffix.lower() != ".png":
        raise ConfigError(f"--picture {name}: cameras are drawn as PNG; name a file that ends in .png")
    check_writable(path, "--picture")
    return path
