"""Small files that jnerf writes for Jittor, which other processes may read or write at the same time."""

from __future__ import annotations

import os
from pathlib import Path


def place(path: Path, text: str, mode: int = 0o644) -> None:
    """Writes ``text`` to ``path`` in one step, unless it lies there.

    Args:
        path: the file; its folder is made.
        text: all of it.
        mode: its permissions.

    Raises:
        OSError: it cannot be written.
    """
    if path.is_file() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.chmod(mode)
    os.replace(temporary, path)
