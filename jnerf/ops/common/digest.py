"""Fingerprints of kernel sources, so that an edited header never meets a stale binary."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

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


class Known(NamedTuple):
    """What a fingerprint is of: an op's headers below a folder, and the compiler's flags."""

    root: Path
    op: str
    flags: str


_fingerprints: dict[Known, str] = {}


def digest(root: Path, op: str, flags: str) -> str:
    """Twelve hex digits that stand for the headers an op can see, as they were when first asked for, and flags."""
    known = Known(root, op, flags)
    if known not in _fingerprints:
        _fingerprints[known] = _read(known)
    return _fingerprints[known]


def edited() -> dict[Known, tuple[str, str]]:
    """(fingerprint in use, that of the headers as they are now), where these differ."""
    now = {known: _read(known) for known in _fingerprints}
    return {k: (old, now[k]) for k, old in _fingerprints.items() if now[k] != old}


def accept(known: Known, fingerprint: str) -> None:
    """Takes the fingerprint of edited headers: the op's kernels are compiled anew when they are next used."""
    _fingerprints[known] = fingerprint


def _read(known: Known) -> str:
    sha = hashlib.sha1(known.flags.encode())
    for folder in sorted(header_folders(known.root, known.op)):
        for path in sorted(folder.glob("*.h")):
            sha.update(f"{path.name}\0".encode())
            sha.update(path.read_bytes())
    return sha.hexdigest()[:12]
