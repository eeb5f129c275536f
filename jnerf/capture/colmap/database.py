"""What COLMAP's database says of a capture: features of each image, and which pairs match. Read with SQLite itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from jnerf.errors import DataError

_MOST_IMAGES = 2**31 - 1  # COLMAP numbers a pair (a, b) as a times this, plus b


@dataclass(frozen=True)
class Found:
    """What features and matches there are.

    Attributes:
        features: of each image, by name.
        neighbours: how many other images each verifiably matches, by name.
        cameras: the camera that took each image, by name.
        pairs: pairs of images that match.
    """

    features: dict[str, int] = field(default_factory=dict)
    neighbours: dict[str, int] = field(default_factory=dict)
    cameras: dict[str, int] = field(default_factory=dict)
    pairs: int = 0

    def camera_of(self, names: Sequence[str]) -> int:
        """The camera of the first of these images that is known, -1 if none is."""
        return next((self.cameras[name] for name in names if name in self.cameras), -1)


def read_database(path: Path) -> Found:
    """What a database holds; nothing if there is none yet.

    Raises:
        DataError: it is damaged.
    """
    if not path.is_file():
        return Found()
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return _read(database)
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise DataError(
            f"{path} cannot be read: {error}. Start again with --force instead of --resume"
        ) from error


def _read(database: sqlite3.Connection) -> Found:
    tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
    if "images" not in tables:
        return Found()
    images = database.execute("SELECT image_id, name, camera_id FROM images").fetchall()
    names = {key: name for key, name, _ in images}
    counts = dict(database.execute("SELECT image_id, rows FROM keypoints"))
    neighbours = dict.fromkeys(names.values(), 0)
    pairs = 0
    for (pair,) in database.execute("SELECT pair_id FROM two_view_geometries WHERE rows > 0"):
        first, second = divmod(pair, _MOST_IMAGES)
        pairs += 1
        for key in (first, second):
            if key in names:
                neighbours[names[key]] += 1
    return Found(
        {name: counts.get(key, 0) for key, name in names.items()},
        neighbours,
        {name: camera for _, name, camera in images},
        pairs,
    )
