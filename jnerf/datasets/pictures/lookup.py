"""Finds the files that a scene names, also where the names were written on another machine.

A name that does not lead to a file is looked for in these ways, below the folder that it starts from:

1. with forward slashes, if it was written on Windows;
2. by its end: of ``/home/someone/capture/images/0001.png`` that is ``images/0001.png``, else ``0001.png``;
3. in another case, or as an image with another extension, where only one file fits.

What was found by 2 or 3 is said in one line. Two names never lead to one file.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from jnerf.datasets.pictures.formats import READ, UNREAD, is_image


def portable(name: str) -> str:
    """A path from a scene file with forward slashes, also if the file was written on Windows.

    >>> portable(".\\\\images\\\\0001.jpg")
    './images/0001.jpg'
    """
    return name.replace("\\", "/")


def find_named(
    label: str,
    folder: Path,
    names: Sequence[str],
    others: Collection[Path] = (),
) -> list[Path | None]:
    """The file that each name stands for, None where there is none; warns once of names that are not exact.

    Args:
        label: the file that holds the names, as the warning calls it.
        folder: where relative names start.
        names: N names; the extension of an image may be left out.
        others: files that only an exact name may mean.
    """
    found = [_plain(folder, name) for name in names]
    lost = [i for i, path in enumerate(found) if path is None]
    if not lost:
        return found
    index = _Index()
    guesses = {i: index.by_end(folder, names[i]) for i in lost}
    taken = [path for path in [*found, *others, *guesses.values()] if path is not None]
    sure = {i: path for i, path in guesses.items() if path is not None and taken.count(path) == 1}
    for i, path in sure.items():
        found[i] = path
    if sure:
        first, path = next(iter(sure.items()))
        warnings.warn(
            f"{label}: {len(sure)} of {len(names)} files are not where their names say, and were found by the end of "
            f"the name: '{names[first]}' is {path}",
            stacklevel=3,
        )
    return found


def _plain(folder: Path, name: str) -> Path | None:
    """The file of a name that is right, but for slashes and an extension that was left out."""
    for written in dict.fromkeys((name, portable(name))):
        path = folder / written
        candidates = [path]
        if path.name and not is_image(path):
            candidates = [*(path.with_name(path.name + suffix) for suffix in READ), path]
        there = next((file for file in candidates if os.path.isfile(file)), None)
        if there is not None:
            return there
    return None


class _Index:
    """Folders that were listed, for a search by names that are not exact."""

    def __init__(self) -> None:
        self._listed: dict[Path, tuple[list[str], list[str]]] = {}

    def by_end(self, folder: Path, name: str) -> Path | None:
        """The one file below the folder that the longest end of a name fits; None if none or several do."""
        # Of Windows' paths, what stands before the first folder is an anchor: C:/, //server/share/.
        parts = PurePosixPath(portable(name)).parts
        anchor = PureWindowsPath(name).anchor
        parts = parts[len(PurePosixPath(portable(anchor)).parts) :] if anchor else parts
        parts = [part for part in parts if part not in ("/", "..")]
        for first in range(len(parts)):
            path = self._match(folder, parts[first:])
            if path is not None:
                return path
        return None

    def _match(self, folder: Path, parts: Sequence[str]) -> Path | None:
        for part in parts[:-1]:
            inner = _only(self._list(folder)[0], part)
            if inner is None:
                return None
            folder /= inner
        files = self._list(folder)[1]
        exact = _only(files, parts[-1])
        if exact is not None:
            return folder / exact
        wanted = _stem(parts[-1]).casefold()
        for suffixes in (READ, UNREAD):  # of the latter, the decoder says what they are
            images = [name for name in files if name.lower().endswith(suffixes)]
            alike = [name for name in images if _stem(name).casefold() == wanted]
            if alike:
                return folder / alike[0] if len(alike) == 1 else None
        return None

    def _list(self, folder: Path) -> tuple[list[str], list[str]]:
        """The names of the folders and of the files in a folder."""
        if folder not in self._listed:
            try:
                entries = list(os.scandir(folder))
            except OSError:
                entries = []
            folders = [entry.name for entry in entries if entry.is_dir()]
            files = [entry.name for entry in entries if not entry.is_dir()]
            self._listed[folder] = folders, files
        return self._listed[folder]


def _stem(name: str) -> str:
    """A name without an image's extension."""
    return os.path.splitext(name)[0] if is_image(Path(name)) else name


def _only(names: Sequence[str], wanted: str) -> str | None:
    """The name itself if it is there, else the only one that differs from it in case alone."""
    if wanted in names:
        return wanted
    alike = [name for name in names if name.casefold() == wanted.casefold()]
    return alike[0] if len(alike) == 1 else None
