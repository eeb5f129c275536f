"""The frames of a film while it is made: files that are whole or not there, and what they are frames of."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from jnerf.engine.logging import to_json
from jnerf.engine.rendering.request import CHANNELS
from jnerf.errors import ConfigError
from jnerf.files import write_atomic, write_text_atomic

_FRAME = re.compile(rf"(?:{'|'.join(CHANNELS)})(?:-(?:{'|'.join(CHANNELS)}))*_.+\.(?:png|exr)")


class Frames:
    """Frames in a folder, beside a record of what they show.

    The record, ``<name>.film.json``, stays when the film is ready; the folder, ``<name>/``, if its frames were asked
    for. Both are made when there is something to keep. ``lock`` is held by the process that makes the film.

    Args:
        folder: where films go.
        name: of the film.
        about: all that the frames depend on beside settings, values of json.
        settings: of the config, by path.
    """

    def __init__(
        self, folder: Path, name: str, about: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> None:
        self.folder = folder / name
        self.record = folder / f"{name}.film.json"
        self.lock = folder / f".{name}.lock"
        self._about = json.loads(to_json(dict(about)))
        self._settings = json.loads(to_json(dict(settings)))
        self._found: dict[str, Any] = {}

    def claim(self, films: Sequence[Path], force: bool, resume: bool) -> bool:
        """Makes sure that nothing is lost that was not to be.

        Args:
            films: files that will be written when all frames are there.
            force: remove the frames that are there; films are replaced when they are ready.
            resume: keep them.

        Returns:
            Whether the film is ready already.

        Raises:
            ConfigError: something lies there, or it is of another film.
        """
        there = [path for path in (*films, self.record) if path.exists()]
        there += [self.folder] if self._files() else []
        if force:
            self.remove()
        if force or not there:
            return False
        if not resume:
            raise ConfigError(
                f"{there[0]} is there already. --force renders it anew, --resume goes on if it was broken off, "
                "--output names another place"
            )
        known = self._read()
        about, settings, self._found = (
            part if isinstance(part, dict) else {}
            for part in map(known.get, ("about", "settings", "found"))
        )
        self._compare(about, self._about, {**about, **self._about})
        # Films of before did not note settings, and no version notes those of a later one.
        self._compare(settings, self._settings, [key for key in settings if key in self._settings])
        return bool(known.get("ready")) and all(film.exists() for film in films)

    def _compare(
        self, there: Mapping[str, Any], here: Mapping[str, Any], keys: Collection[str]
    ) -> None:
        """Raises a ConfigError where they differ in one of the keys."""
        other = [key for key in keys if there.get(key) != here.get(key)]
        if other:
            said = f"{other[0]} is {there.get(other[0])} there and {here.get(other[0])} here"
            raise ConfigError(
                f"{self.record} is not of this film: {said}. --force renders anew, --output names another place"
            )

    def found(self, key: str) -> Any:
        """What was found out when a film that is gone on with was begun; None if nothing was."""
        return self._found.get(key)

    def note(self, ready: bool = False, **found: Any) -> None:
        """Writes the record.

        Args:
            ready: whether the film is.
            found: what was found out and must stay as it is when the film is gone on with.
        """
        self._found |= found
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {"about": self._about, "settings": self._settings}
        content |= {"found": self._found, "ready": ready}
        write_text_atomic(self.record, to_json(content, indent=2) + "\n")

    def path(self, file: str) -> Path:
        """Where a file of a frame lies."""
        return self.folder / file

    def write(self, file: str, data: bytes) -> None:
        """Keeps a file of a frame, whole or not at all."""
        write_atomic(self.path(file), lambda temporary: temporary.write_bytes(data))

    def have(self, files: Sequence[str]) -> bool:
        """Whether all these files are kept."""
        return all(self.path(file).is_file() for file in files)

    def drop(self, *suffixes: str) -> None:
        """Removes frames of these formats, and the folder if nothing is left."""
        for file in self._files():
            if file.suffix in suffixes:
                file.unlink()
        self._remove_empty()

    def remove(self) -> None:
        """Removes all frames and the record."""
        self.record.unlink(missing_ok=True)
        self.drop(".png", ".exr")

    def leave(self) -> int:
        """Called when the film is broken off: how many files are kept; if none, nothing is left behind."""
        kept = len(self._files())
        if not kept:
            self.record.unlink(missing_ok=True)
            self._remove_empty()
        return kept

    def _files(self) -> list[Path]:
        """Frames in the folder; whatever else lies there is somebody's."""
        if not self.folder.is_dir():
            return []
        return [path for path in sorted(self.folder.iterdir()) if _FRAME.fullmatch(path.name)]

    def _remove_empty(self) -> None:
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self.record.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise ConfigError(
                f"{self.record} cannot be read: {error}. --force renders anew"
            ) from None
        return found if isinstance(found, dict) else {}
