"""Files that are either whole or not there: temporary name, fsync, rename, fsync of the folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


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
