"""Files that are either whole or not there: temporary name, fsync, rename, fsync of the folder."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
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
    if path.exists() and not path.is_file():  # a rename would put a file in place of /dev/null
        raise FileExistsError(errno.EEXIST, "it is a folder or a device, no file", str(path))
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        # safetensors makes files that only their owner can read; ours are as readable as any other.
        os.chmod(temporary, 0o666 & ~_umask())
        _fsync(temporary)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):  # what went wrong first is what is told
            temporary.unlink(missing_ok=True)
        raise
    _fsync_folder(path.parent)


def write_text_atomic(path: Path, text: str) -> None:
    """Like :func:`write_atomic`, for UTF-8 text."""
    write_atomic(path, lambda temporary: _write_text(temporary, text))


def check_writable(path: Path, flag: str) -> None:
    """Raises ConfigError where a file or folder could not be written, before the work whose results go there.

    The nearest folder that is there is asked; nothing is left in it. What the disk refuses later is told then.

    Args:
        path: a file, or a folder that will be made with the folders above it.
        flag: that names it, such as ``--json``.
    """
    above = next((p for p in (path, *path.parents) if os.path.lexists(p)), Path("."))
    folder = above.parent if above == path and not path.is_dir() else above
    if not folder.is_dir():
        what = f"{above} is no folder"
    elif above == path and not (path.is_dir() or path.is_file()):
        what = "it is neither a file nor a folder"
    elif not os.access(above, os.W_OK | (os.X_OK if above.is_dir() else 0)):
        what = "it is not writable" if above == path else f"{above} is not writable"
    else:
        what = _refused(folder)
    if what is not None:
        raise ConfigError(f"cannot write {path}: {what}. Choose another place with {flag}.")


def _refused(folder: Path) -> str | None:
    """Why no file can be made in a folder: what rights promise, a file system may refuse. None if one can."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return f"{folder}: {error.strerror}"


def _umask() -> int:
    """The process's mask of file permissions, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _write_text(path: Path, text: str) -> None:
    # Names of files may hold what is no text, and json may: it is written as Python and json write it.
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


def _fsync_folder(path: Path) -> None:
    """Makes a rename survive a loss of power, where the file system can promise that: some shares cannot."""
    try:
        _fsync(path)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF):
            raise


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
