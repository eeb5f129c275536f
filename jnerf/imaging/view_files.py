"""The pictures of a judged view: how their files are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path


class ViewFiles:
    """The files of one view.

    Attributes:
        strip: prediction, truth and error side by side.
        depth: depth in colours.
        opacity: grey.
        normal: normals as colours, of renderers that have them.

    >>> ViewFiles(Path("test"), "../r_0").depth.as_posix()
    'test/r_0_depth.png'
    """

    def __init__(self, folder: Path, name: str) -> None:
        """Names the files.

        Args:
            folder: where they lie.
            name: of the view.
        """
        stem = file_stem(name)
        self.strip = folder / f"{stem}.png"
        self.depth = folder / f"{stem}_depth.png"
        self.opacity = folder / f"{stem}_opacity.png"
        self.normal = folder / f"{stem}_normal.png"

    @property
    def all(self) -> tuple[Path, ...]:
        """Whatever is written of a view."""
        return self.strip, self.depth, self.opacity, self.normal


def names_of_files(names: Sequence[str]) -> list[str]:
    """What ``ViewFiles`` is to call each of several views: its name, with a number before all where two share a file.

    >>> names_of_files(["r_0", "r_1"]), names_of_files(["frame (1)", "frame_1"])
    (['r_0', 'r_1'], ['00000_frame_1', '00001_frame_1'])
    """
    files = [file for name in names for file in ViewFiles(Path(), name).all]
    if len(set(files)) == len(files):
        return list(names)
    return [f"{i:05d}_{file_stem(name)}" for i, name in enumerate(names)]


def file_stem(name: str) -> str:
    """A view's name as a file name that cannot leave its folder.

    >>> file_stem("../test/r_0")
    'test_r_0'
    """
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "view"
