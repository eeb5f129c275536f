"""Measurements in a process of their own: peak memory and instruction sets belong to a process."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jnerf.benchmark.records.record import load
from jnerf.errors import JnerfError

_ROOT = Path(__file__).resolve().parents[2]


def measure_apart(arguments: list[str], **environment: str) -> dict[str, Any]:
    """Runs ``python -m jnerf.benchmark`` with these arguments and returns its record.

    Args:
        arguments: command and flags, without ``--json``; only progress and errors are shown, on stderr.
        environment: variables to set.

    Raises:
        JnerfError: the measurement failed; its own message is on stderr.
    """
    with tempfile.TemporaryDirectory(prefix="jnerf-benchmark-") as folder:
        out = Path(folder) / "record.json"
        command = [sys.executable, "-m", "jnerf.benchmark", *arguments, "--json", str(out)]
        paths = [str(_ROOT), os.environ.get("PYTHONPATH", "")]
        path = os.pathsep.join(part for part in paths if part)
        environment = os.environ | {"PYTHONPATH": path} | environment
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL)
        if done.returncode:
            raise JnerfError(f"failed with status {done.returncode}: {' '.join(arguments)}")
        return load(out)


def folders_of(pairs: Sequence[tuple[str, str | None]], parent: Path) -> list[Path]:
    """A folder for the run of each config and scene, called after both; no two are the same.

    >>> [f.name for f in folders_of([("ngp.py", "a/lego.v1"), ("ngp.py", "b/lego.v1")], Path())]
    ['ngp_lego.v1', 'ngp_lego.v1_2']

    Args:
        pairs: files of configs, each with the root of a scene or None.
        parent: what the folders lie in.
    """
    found: list[Path] = []
    for file, scene in pairs:
        label = "_".join([Path(file).stem, *([Path(scene).absolute().name] if scene else [])])
        names = (label if i == 1 else f"{label}_{i}" for i in itertools.count(1))
        found.append(next(f for f in (parent / name for name in names) if f not in found))
    return found
