"""Where a setting was written: config file and line, or the override on the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Origin(NamedTuple):
    """A place that an error message can point at.

    Attributes:
        source: a file, or the text of an override.
        line: line in that file, from 1; 0 where lines mean nothing.
    """

    source: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source


class Located(dict):
    """A dict that remembers where it and each of its keys were written.

    Attributes:
        where_: origin of the dict itself; None when it came from Python code.
        origins_: origin of each key, as far as known.
    """

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "where_", None)
        object.__setattr__(self, "origins_", {})


def origin_of(cfg: Mapping[str, Any], key: str | None = None) -> Origin | None:
    """The origin of a key of ``cfg``, or of ``cfg`` itself; None when it is not known."""
    if not isinstance(cfg, Located):
        return None
    return cfg.origins_.get(key, cfg.where_) if key is not None else cfg.where_


def complaint(cfg: Mapping[str, Any], key: str | None, path: str, text: str) -> str:
    """One error line: ``origin: path: text``, without the origin where it is not known."""
    origin = origin_of(cfg, key)
    return f"{origin}: {path}: {text}" if origin is not None else f"{path}: {text}"


def key_blamed(cfg: Mapping[str, Any], text: str) -> str | None:
    """The key that a constructor's complaint is of, so that it can be told with the key's own line.

    Args:
        cfg: the block that the constructor was given.
        text: what it says: ``levels is 0; it must be ...``, ``near=2 ...``, ``groups.network: ...``.

    Returns:
        The first key of ``cfg`` that is said to have a value; None where none is.

    >>> key_blamed({"near": 2, "far": 1}, "0 <= near < far must hold, got near=2, far=1")
    'near'
    """
    said = re.finditer(r"(?<![\w.])(\w+)(?=[.\w]*: | is | are | must be | begins |=)", text)
    return next((word[1] for word in said if word[1] in cfg and word[1] != "type"), None)


def display_path(path: Path) -> str:
    """``path`` relative to the working directory when it lies below it, else absolute."""
    resolved = path.resolve()
    here = Path.cwd().resolve()
    return str(resolved.relative_to(here) if resolved.is_relative_to(here) else resolved)
