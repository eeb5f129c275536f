"""A disk that fails on purpose: at the n-th operation below a folder, with an error, torn in the middle, or as if the
process had been killed there."""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from jnerf.engine.checkpoints import checkpoint

ERRORS = ("ENOSPC", "EIO", "EROFS", "EDQUOT", "ESTALE")
#: Kinds of faults: an error; half of what was to be written, then an error; the end of the process, whole or torn.
KINDS = (*ERRORS, "torn", "killed", "killed_torn")
_OPERATIONS = ("replace", "rename", "unlink", "mkdir", "chmod", "fsync")


class Killed(BaseException):
    """The process is dead; nothing that it does from here on reaches the disk."""


class FaultyDisk:
    """Counts the operations that change files below a folder, and lets one of them fail.

    Args:
        root: the folder; other files are let alone.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.done, self.dead = root, 0, False
        self._at, self._kind = -1, ""

    @contextmanager
    def failing(self, at: int, kind: str) -> Iterator[FaultyDisk]:
        """Operation number ``at`` from here on fails; with ``killed``, so does each after it."""
        self.done, self.dead, self._at, self._kind = 0, False, at, kind
        patches = [
            mock.patch.object(os, name, self._failing(getattr(os, name))) for name in _OPERATIONS
        ]
        patches += [
            mock.patch.object(module, "open", self._open(io.open)) for module in (io, builtins)
        ]
        patches.append(mock.patch.object(checkpoint, "save_file", self._save(checkpoint.save_file)))
        for patch in patches:
            patch.start()
        try:
            yield self
        finally:
            for patch in patches:
                patch.stop()

    def _is_ours(self, place: Any) -> bool:
        if isinstance(place, int):  # a file that is open: of ours only are such
            return True
        return str(place).startswith(str(self.root))

    def _due(self, tear: Callable[[], object] = lambda: None) -> None:
        """Counts an operation, and fails if it is its turn; ``tear`` does half of it."""
        if self.dead:
            raise Killed
        self.done += 1
        if self.done - 1 != self._at:
            return
        if self._kind.endswith("torn"):
            tear()
        if self._kind.startswith("killed"):
            self.dead = True
            raise Killed
        number = getattr(errno, self._kind, errno.ENOSPC)
        raise OSError(number, os.strerror(number))

    def _failing(self, real: Callable) -> Callable:
        def operation(place: Any, *arguments: Any, **named: Any) -> Any:
            if self._is_ours(place):
                self._due()
            return real(place, *arguments, **named)

        return operation

    def _open(self, real: Callable) -> Callable:
        def opened(place: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
            if not set(mode) & set("wax+") or not self._is_ours(place):
                return real(place, mode, *arguments, **named)
            self._due()
            return _File(real(place, mode, *arguments, **named), self)

        return opened

    def _save(self, real: Callable) -> Callable:
        def save(arrays: Any, path: Path, metadata: Any) -> None:
            real(arrays, path, metadata)
            data = path.read_bytes()
            self._due(lambda: os.truncate(path, len(data) // 2))

        return save


class _File:
    """A file whose writes may fail."""

    def __init__(self, file: Any, disk: FaultyDisk) -> None:
        self._file, self._disk = file, disk

    def write(self, data: Any) -> int:
        self._disk._due(lambda: (self._file.write(data[: len(data) // 2]), self._file.flush()))
        return self._file.write(data)

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *error: Any) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
