"""Files that are either whole or not there: temporary name, fsync, rename, fsync of the folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from jnerf.errors import ConfigError


def write_atomic(path: Path, write: Callable[[Path], None]) -> None:
    """Makes ``path`` hold what ``write`` writes, or leaves it as it was.

    The temporary file lies beside ``path`` (a rename is atomic only within one file system) and is
    removed on any failure.

    Args:
        path: the file to make or replace.
        write: writes a whole file at the path it is given.

    Raises:
        OSError: the disk is full or the folder is not writable; whatever ``write`` raises is passed
            on.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        # safetensors makes files that only their owner can read; ours are as readable as any other.
        os.chmod(temporary, 0o666 & ~_umask())
        _fsync(temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _fsync(path.parent)


def write_text_atomic(path: Path, text: str) -> None:
    """Like :func:`write_atomic`, for UTF-8 text."""
    write_atomic(path, lambda temporary: _write_text(temporary, text))


def check_writable(path: Path, flag: str) -> None:
    """Raises ConfigError where a file or folder could not be written, before the work whose results go there.

    Nothing is made: the nearest folder that is there is asked. What the disk refuses later is told then.

    Args:
        path: a file, or a folder that will be made with the folders above it.
        flag: that names it, such as ``--json``.
    """
    above = next((p for p in (path, *path.parents) if os.path.lexists(p)), Path("."))
    if above == path:
        good, what = os.access(path, os.W_OK), "it is not writable"
    elif above.is_dir():
        good, what = os.access(above, os.W_OK | os.X_OK), f"{above} is not writable"
    else:
        good, what = False, f"{above} is no folder"
    if not good:
        raise ConfigError(f"cannot write {path}: {what}. Choose another place with {flag}.")


def _umask() -> int:
    """The process's mask of file permissions, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
