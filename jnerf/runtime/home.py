"""The folder under which Jittor keeps ``.cache/jittor``: all that it compiles."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

REMEDY = "set JITTOR_HOME or XDG_CACHE_HOME to a folder that can be written"


def jittor_home(environ: Mapping[str, str]) -> Path:
    """Where this user wants it: ``JITTOR_HOME``, else ``XDG_CACHE_HOME``, else what an earlier ``JITTOR_HOME`` has left
    in Jittor's config.json, else ~.

    Jittor itself does not know ``XDG_CACHE_HOME``. If its last part is ``.cache``, as by default, Jittor's files lie in
    it, otherwise in ``$XDG_CACHE_HOME/jnerf/.cache``.
    """
    if environ.get("JITTOR_HOME"):
        return Path(environ["JITTOR_HOME"]).absolute()
    xdg = Path(environ.get("XDG_CACHE_HOME", ""))
    if xdg.is_absolute():  # others do not count, the standard says
        return xdg.parent if xdg.name == ".cache" else xdg / "jnerf"
    try:
        config = json.loads((Path.home() / ".cache" / "jittor" / "config.json").read_text())
        return Path(config.get("JITTOR_HOME", Path.home()))
    except (OSError, json.JSONDecodeError, AttributeError):
        return Path.home()


def nearest(path: Path) -> Path:
    """``path``, or the first folder above it that exists."""
    return next(folder for folder in (path, *path.parents) if os.path.exists(folder))


def fault(home: Path) -> str:
    """Why Jittor cannot keep anything there; empty if it can. Makes nothing."""
    probe = nearest(home / ".cache" / "jittor")
    if os.access(probe, os.W_OK | os.X_OK):
        return ""
    return refusal(home, probe)


def refusal(home: Path, why: object) -> str:
    """The beginning of a sentence: where Jittor's files are to lie, and why they cannot."""
    return f"Jittor keeps what it compiles in {home / '.cache' / 'jittor'}, which cannot be written ({why})"


def variables(home: Path) -> dict[str, str]:
    """What makes Jittor use ``home``, and that alone.

    With ``JITTOR_HOME`` alone it would still write to ``HOME``, and use that folder in later runs without the variable.
    """
    return {"HOME": str(home), "JITTOR_HOME": str(home)}


@contextlib.contextmanager
def at_home(home: Path) -> Iterator[None]:
    """Jittor asks for its home folder once, while it is imported: in here."""
    before = {key: os.environ.get(key) for key in variables(home)}
    os.environ.update(variables(home))
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
