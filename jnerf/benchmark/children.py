"""Measurements in a process of their own: peak memory and instruction sets belong to a process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
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
