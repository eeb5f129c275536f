"""Where scenes are looked for (relative paths below the data root), and where what is made of them is kept."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from jnerf.errors import DataError


def data_root() -> Path:
    """The folder that relative scene paths start from.

    ``$JNERF_DATA`` if it is set, else ``./data`` if that exists, else ``../shared/data``.
    """
    chosen = os.environ.get("JNERF_DATA")
    if chosen:
        return Path(chosen).expanduser()
    local = Path("data")
    return local if local.is_dir() else Path("../shared/data")


def scene_path(root: str | Path) -> Path:
    """A scene's folder or file: the first place where it is, or else where it is looked for first.

    Args:
        root: absolute; beginning with ``./`` or ``../``, relative to the working directory, else to :func:`data_root`;
            otherwise the other way round.
    """
    path = Path(root).expanduser()
    if path.is_absolute():
        return path
    places = [data_root() / path, path]
    if str(root).replace("\\", "/").startswith(("./", "../")) or str(root) in (".", ".."):
        places.reverse()
    return next((place for place in places if place.exists()), places[0])


def scene_folder(root: str | Path) -> Path:
    """The existing folder of a scene.

    Args:
        root: see :func:`scene_path`.

    Raises:
        DataError: no such folder; says where it looked, what is there, and how to point elsewhere.
    """
    path = scene_path(root)
    if path.is_dir():
        return path
    looked = path.absolute()
    if path.exists():
        raise DataError(f"scene folder {looked} is a file: name the folder that holds the scene")
    raise DataError(f"scene folder '{root}' not found: looked for {looked}. {no_scene(looked)}")


def no_scene(looked: Path) -> str:
    """What to do about a scene that is not there: what lies around, and where scenes are looked for.

    Args:
        looked: where it would be, absolute.
    """
    set_to = os.environ.get("JNERF_DATA")
    source = f"JNERF_DATA is {set_to}" if set_to else "JNERF_DATA is not set"
    return (
        f"{nearby(looked)} Relative names of scenes start from JNERF_DATA ({source}), else ./data, else "
        "../shared/data, and those that begin with ./ from the working directory: set JNERF_DATA to the folder that "
        "holds your scenes, or give dataset.root as an absolute path"
    )


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/jnerf``, or ``~/.cache/jnerf``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "jnerf"


def nearby(missing: Path) -> str:
    """One sentence on what lies around a path that does not exist: names there, nearest first.

    Args:
        missing: absolute path.
    """
    for parent in missing.parents:
        if parent.is_dir():
            wanted = missing.relative_to(parent).parts[0]
            names = sorted(entry.name for entry in parent.iterdir())
            close = difflib.get_close_matches(wanted, names, n=1)
            guess = f" Did you mean '{close[0]}'?" if close else ""
            shown = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
            return f"{parent} holds: {shown or 'nothing'}.{guess}"
    return ""
