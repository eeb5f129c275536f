"""The pictures of a judged view: how their files are called."""

from __future__ import annotations

import re
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


def file_stem(name: str) -> str:
    """A view's name as a file name that cannot leave its folder.

    >>> file_stem("../test/r_0")
    'test_r_0'
    """
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "view"
