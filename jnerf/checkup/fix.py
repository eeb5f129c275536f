"""Installs what is missing into the Python that runs: what ``jnerf doctor --fix`` does."""

from __future__ import annotations

import importlib
import shlex
import subprocess
import sys

from jnerf.checkup.python import check_jittor, check_numpy, check_packages
from jnerf.errors import JnerfError
from jnerf.runtime.facts import gather


def install_missing() -> None:
    """Runs pip for each of NumPy, Jittor and the other packages that is not there, damaged, or of a wrong version.

    Raises:
        JnerfError: pip failed; it has said why.
    """
    for check in (check_numpy, check_jittor, lambda _: check_packages()):
        for words in check(gather()).install:
            _pip(words)
            importlib.invalidate_caches()


def _pip(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "pip", "install", *words]
    print(f"running: {shlex.join(command)}", flush=True)
    status = subprocess.run(command, check=False).returncode
    if status:
        raise JnerfError(
            f"pip ended with status {status}. jnerf wants to be in an environment of its own: python3 -m venv .venv, "
            "then .venv/bin/python -m pip install jnerf, then .venv/bin/jnerf doctor --fix"
        )
