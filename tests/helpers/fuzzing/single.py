"""Folders of single files, each of which is an input of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jnerf.errors import JnerfError

_whole: dict[Path, dict[Path, bytes]] = {}


def each_changed(read: Callable[[Path], object]) -> Callable[[Path], None]:
    """Reads the files of a folder that are not as they were when it was first seen: others cost time and tell nothing.

    The first error of jnerf's is raised when all have been read, so that it hides no other.
    """

    def read_all(folder: Path) -> None:
        files = sorted(path for path in folder.iterdir() if path.is_file())
        whole = _whole.setdefault(folder, {path: path.read_bytes() for path in files})
        refused = None
        for path in [p for p in whole if p.read_bytes() != whole[p]]:
            try:
                read(path)
            except JnerfError as error:
                refused = refused or error
        if refused is not None:
            raise refused

    return read_all
