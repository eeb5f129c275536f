"""Precompiled headers of GCC: most of the time of compiling one of Jittor's files goes into the same few headers.

GCC takes the precompiled form only where every flag that matters is the same, and reads the text otherwise, so a
header that does not fit costs time and never correctness. Nothing of this is imported from jnerf or Jittor.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

_STALE = 300.0  # seconds after which an unfinished file is that of a process which died
_LINKING = ("-l", "-L", "-Wl,", "-shared")


def include_flag(header: Path) -> str:
    """The flag that includes ``header`` before anything else.

    In one word: Jittor takes a word that begins with another character than ``-`` for a source file.
    """
    return f"-include{header}"


def compile_flags(text: str) -> list[str]:
    """The words of a command's flags without those for the linker."""
    return [word for word in shlex.split(text) if not word.startswith(_LINKING)]


def start(
    compiler: str, flags: Sequence[str], header: Path, target: Path
) -> subprocess.Popen | None:
    """Begins to precompile ``header`` into ``target``, which appears when it is complete.

    Args:
        compiler: GCC's C++ compiler.
        flags: those of the commands that are to use it.
        header: the text.
        target: ``header.h.gch``, or a file in a folder of that name, which may hold one for each set of flags.

    Returns:
        The process, or None if ``target`` is there, another process is at work on it, or it cannot be written.
    """
    if target.is_file():
        return None
    part = target.parent.parent / f".{target.name}.part"  # GCC tries every file in the folder
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > _STALE:
                part.unlink()
        os.close(os.open(part, os.O_CREAT | os.O_EXCL))
        words = [compiler, "-x", "c++-header", *flags, str(header), "-o", str(part)]
        move = shlex.join(["mv", "-f", str(part), str(target)])
        return subprocess.Popen(
            ["/bin/sh", "-c", f"{shlex.join(words)} && {move} || rm -f {shlex.quote(str(part))}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None
