"""A file that one process holds: while it does, no other may write what the file stands for.

These are POSIX locks (``lockf``): NFS carries them from host to host, and a process that takes one twice has it once.
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


def hold(path: Path, note: str = "") -> IO | None:
    """Takes a lock until the file that is returned is closed, or the process has ended, however it ends.

    Args:
        path: the lock's file; made when absent, its folder is there.
        note: written into it, for whoever finds it taken.

    Returns:
        None if another process holds it. On a file system without locks, everybody holds it.

    Raises:
        OSError: the file cannot be made.
    """
    while True:
        file = open(path, "a+", encoding="utf-8")  # noqa: SIM115 - closing it gives the lock back
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            file.close()
            return None
        except OSError:  # a file system without locks
            return _noted(file, note)
        # Whoever held it may have removed it just now: what was locked is then no longer what others see.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                return _noted(file, note)
        file.close()


def is_held(path: Path) -> bool:
    """Whether another process holds a lock. Not to be asked by one that holds it itself: it would give it back."""
    if not path.exists():
        return False
    try:
        file = hold(path)
    except OSError:  # not ours to open; whoever is to write there will say so
        return False
    if file is not None:
        file.close()
    return file is None


def _noted(file: IO, note: str) -> IO:
    if note:
        file.truncate(0)
        file.write(note)
        file.flush()
    return file


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
    file = hold(path)
    try:
        yield file is not None
    finally:
        if file is not None:
            with contextlib.suppress(OSError):
                path.unlink()
                for folder in made:
                    folder.rmdir()  # those that hold something stay
            file.close()
