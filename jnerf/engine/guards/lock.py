"""Locks on files, which a process gives back when it ends, however it ends.

They are POSIX locks (``lockf``): NFS carries them from host to host, and a process that takes one twice has it once.
Closing any descriptor of the file in that process gives it back.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def take_lock(path: Path, note: str = "") -> IO | None:
    """Takes a lock, if nobody else has it. On a file system without locks everybody gets it.

    Args:
        path: the file, made where it is absent; its folder is there.
        note: written into it, for whoever finds it taken.

    Returns:
        The open file, to be kept open for as long as the lock is wanted; None if another process has it.

    Raises:
        OSError: the file cannot be opened.
    """
    file = open(path, "a+", encoding="utf-8")  # noqa: SIM115 - closing it would give the lock back
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        file.close()
        return None
    except OSError:  # a file system without locks
        pass
    if note:
        file.truncate(0)
        file.write(note)
        file.flush()
    return file


def is_locked(path: Path) -> bool:
    """Whether another process has a lock. Not to be asked by one that has it itself: it would give it back."""
    if not path.exists():
        return False
    try:
        file = take_lock(path)
    except OSError:  # not ours to open; whoever is to train there will say so
        return False
    if file is not None:
        file.close()
    return file is None


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Holds a lock for a while, and leaves nothing behind: neither its file nor a folder that was made for it.

    Args:
        path: the lock's file.

    Yields:
        Whether it is held; False if another process holds it.

    Raises:
        OSError: the file cannot be made.
    """
    made = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    file = take_lock(path)
    # Whoever held it may have removed it just now: what was locked is then no longer what others see.
    while file is not None and not _is_at(file, path):
        file.close()
        file = take_lock(path)
    try:
        yield file is not None
    finally:
        if file is not None:
            with contextlib.suppress(OSError):
                path.unlink()
                for folder in made:
                    folder.rmdir()  # those that hold something stay
            file.close()


def _is_at(file: IO, path: Path) -> bool:
    """Whether an open file is the one that a path names."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False
