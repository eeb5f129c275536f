"""A file that one process holds: while it does, no other may write what the file stands for."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def hold(path: Path) -> IO | None:
    """Takes a lock until the file that is returned is closed, or the process has ended, however it ends.

    Args:
        path: the lock's file; made when absent, its folder is there.

    Returns:
        None if another process holds it. On a file system without locks, everybody holds it.

    Raises:
        OSError: the file cannot be made.
    """
    while True:
        file = open(path, "w")  # noqa: SIM115 - closing it gives the lock back
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            file.close()
            return None
        except OSError:  # a file system without locks
            return file
        # Whoever held it may have removed it just now: what was locked is then no longer what others see.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                return file
        file.close()


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
