"""The folder of a scene in the making: what lies where, which stages are done, and that nobody's files are overwritten.

``process.json`` holds the settings and the stages that are done. A folder with one was made here: ``--resume`` goes on
with it, ``--force`` begins it anew. Nothing else is ever removed.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jnerf.capture.settings import Settings
from jnerf.datasets.files.text_files import read_json
from jnerf.engine.run_folder import RunFolder
from jnerf.errors import ConfigError, DataError
from jnerf.files import check_writable, write_text_atomic

_JOURNAL = "process.json"
#: What is made beside the journal; copies are ``images_<factor>``.
_MADE = (
    "images", "masks", "colmap", "sparse",
    "transforms.json", "sparse_pc.ply", "process_report.json", "cameras.png",
)  # fmt: skip


def _are_rows(value: Any, *kinds: type) -> bool:
    """Whether a stage has found rows of such columns."""
    return isinstance(value, list) and all(
        isinstance(row, list) and len(row) == len(kinds) and all(map(isinstance, row, kinds))
        for row in value
    )


#: What stages leave in the journal that later ones build on, if they are done.
_FOUND: dict[str, Callable[[Any], bool]] = {
    "pictures": lambda value: _are_rows(value, str, str),
    "models": lambda value: value != [] and _are_rows(value, str, int),
    "scene": lambda value: isinstance(value, dict),
}


@dataclass
class SceneFolder:
    """A scene in the making.

    Attributes:
        path: the folder.
        settings: as they are noted.
        done: what the stages that are done have found, by stage.
    """

    path: Path
    settings: dict[str, Any]
    done: dict[str, Any]

    @classmethod
    def open(cls, path: Path, settings: Settings, resume: bool, force: bool) -> SceneFolder:
        """The folder, made or found.

        Args:
            path: where.
            settings: what is asked for.
            resume: go on with what is there.
            force: begin anew what is there.

        Raises:
            ConfigError: both are asked for, or something is there and neither is, or other settings began it, or
                it cannot be written.
            DataError: the source, the masks or the vocabulary lie in it.
        """
        if resume and force:
            raise ConfigError("--resume goes on with a scene, --force begins it anew: take one")
        for given in (settings.source, settings.masks, settings.vocabulary):
            if given is not None:
                _check_apart(path, given)
        plain = json.loads(json.dumps(settings.plain()))
        journal = path / _JOURNAL
        if resume and journal.is_file():
            return cls(path, plain, _noted(journal, plain))
        if path.exists() and not path.is_dir():
            raise ConfigError(f"--output {path} is a file: name a folder")
        if path.is_dir() and any(path.iterdir()):
            _clear(path, force, resume)
        folder = cls(path, plain, {})
        check_writable(path, "--output")
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"cannot make {path}: {error}. Choose another --output") from error
        folder.note()
        return folder

    def note(self, stage: str | None = None, found: Any = None) -> None:
        """Writes the journal; ``stage`` is done from now on, and ``found`` is kept with it."""
        if stage is not None:
            self.done[stage] = found
        text = json.dumps({"settings": self.settings, "done": self.done}, indent=1)
        write_text_atomic(self.path / _JOURNAL, text + "\n")

    def abandon(self) -> None:
        """Takes back what was made, if no stage is done: the input was wrong, and there is nothing to go on with."""
        if not self.done:
            _remove([*_made_in(self.path), self.path / _JOURNAL])
            if not any(self.path.iterdir()):
                self.path.rmdir()

    @property
    def images(self) -> Path:
        """Folder of the pictures."""
        return self.path / "images"

    @property
    def masks(self) -> Path:
        """Folder of their masks, ``<picture>.png``."""
        return self.path / "masks"

    @property
    def colmap(self) -> Path:
        """Folder of COLMAP's database, log and models."""
        return self.path / "colmap"

    @property
    def database(self) -> Path:
        """COLMAP's database."""
        return self.colmap / "database.db"

    @property
    def model(self) -> Path:
        """Folder of the model that is used."""
        return self.path / "sparse" / "0"


def _check_apart(path: Path, given: Path) -> None:
    """Beginning a scene anew removes what has the names of its parts, and ``masks`` may be those that are given."""
    output, inner = path.resolve(), given.resolve()
    if inner == output or inner.is_relative_to(output):
        raise DataError(
            f"{given} lies in the folder of the scene, {path}: choose another --output, so that nothing of yours is "
            "overwritten"
        )


def _noted(journal: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    """What is done, if it was begun with the same settings."""
    try:
        found = read_json(journal)
        before, done = found["settings"], dict(found["done"])
        wrong = next((s for s, fits in _FOUND.items() if s in done and not fits(done[s])), None)
        if wrong or not isinstance(before, dict):
            raise ValueError(f"'{wrong or 'settings'}' is damaged")
    except (DataError, ValueError, KeyError, TypeError, OSError) as error:
        raise DataError(
            f"{journal} cannot be read ({error!s:.200}): begin anew with --force"
        ) from None
    changed = [key for key in wanted if wanted[key] != before.get(key)]
    if changed:
        named = ", ".join(
            f"{key} {before.get(key)!r:.200} (now {wanted[key]!r:.200})" for key in changed
        )
        raise ConfigError(
            f"{journal.parent} was begun with {named}: give the same settings to go on, or --force to begin anew"
        )
    return done


def _clear(path: Path, force: bool, resume: bool) -> None:
    """Removes what an earlier call has made in a folder that is not empty, if that is wanted."""
    there = _made_in(path)
    if RunFolder(path).info.exists():
        raise ConfigError(f"{path} is the folder of a run: choose another --output")
    if not (path / _JOURNAL).is_file():
        if resume:
            raise ConfigError(
                f"{path} has no {_JOURNAL}, so there is nothing to resume: leave --resume out, or correct --output"
            )
        if there or not force:
            hold = ", ".join(sorted(entry.name for entry in (there or path.iterdir()))[:6])
            raise ConfigError(
                f"{path} is not empty and was not made by jnerf process (it holds {hold}): choose another --output"
                + ("" if there else ", or add the scene to it with --force")
            )
        return
    if not force:
        raise ConfigError(
            f"{path} holds a scene already: go on with --resume, begin it anew with --force, or choose another --output"
        )
    _remove([*there, path / _JOURNAL])


def _made_in(path: Path) -> list[Path]:
    """What has the name of something that is made here."""
    copies = (entry for entry in path.iterdir() if re.fullmatch(r"images_\d+", entry.name))
    return [*(path / name for name in _MADE if (path / name).exists()), *sorted(copies)]


def _remove(entries: list[Path]) -> None:
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)
