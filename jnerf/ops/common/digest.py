"""Fingerprints of kernel sources, so that an edited header never meets a stale binary."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def header_folders(root: Path, op: str) -> set[Path]:
    """The folders whose headers the kernels of an op can see: ``common``, its own, and those it includes from.

    Args:
        root: the folder that ``#include "op/name.h"`` starts from.
        op: the op's folder, relative to ``root``.
    """
    found: set[Path] = set()
    waiting = [(root / op).resolve(), (root / "common").resolve()]
    while waiting:
        folder = waiting.pop()
        if folder in found:
            continue
        found.add(folder)
        for path in folder.glob("*.h"):
            for name in _INCLUDE.findall(path.read_text()):
                target = next((p for p in (root / name, folder / name) if p.is_file()), None)
                if target is not None:
                    waiting.append(target.parent.resolve())
    return found


@cache
def digest(root: Path, op: str, flags: str) -> str:
    """Twelve hex digits that change with any header an op can see, and with the compiler's flags."""
    sha = hashlib.sha1(flags.encode())
    for folder in sorted(header_folders(root, op)):
        for path in sorted(folder.glob("*.h")):
            sha.update(f"{path.name}\0".encode())
            sha.update(path.read_bytes())
    return sha.hexdigest()[:12]
