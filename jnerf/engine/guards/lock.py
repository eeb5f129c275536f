"""Locks on files, which a process gives back when it ends, however it ends.

They are POSIX locks (``lockf``): NFS carries them from host to host, and a process that takes one twice has it once.
Closing any descriptor of the file in that process gives it back.
"""

from __future__ import annotations

import fcntl
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
