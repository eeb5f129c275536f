"""The process of a run: ``python -m jnerf.sweep.worker PARENT FOLDER STEPS IMAGES TESTED JUDGED train ...``.

Before the command line of jnerf runs it takes the lock of the run's folder, so that of two starts only one trains;
finds out whether the run has become complete meanwhile; and takes a name for its kernels that no other process of this
machine has, so that all compile at the same time.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import IO

from jnerf.datasets.files.paths import cache_folder
from jnerf.engine.guards.lock import take_lock
from jnerf.engine.run_folder import RunFolder
from jnerf.sweep.job import BUSY
from jnerf.sweep.state import state_of

_PR_SET_PDEATHSIG = 1
_MOST = 256  # processes of a machine with kernels of their own
_held: list[IO] = []  # until the process ends


def main(arguments: list[str]) -> int:
    """Trains, and returns the exit status of ``jnerf train``; ``BUSY`` if another process trains there.

    Args:
        arguments: process that has started this one, the run's folder, steps, test views (0: all), whether it is
            tested (0 or 1) and with which settings (JSON), then the words of ``jnerf``.
    """
    parent, root, steps, images, tested, judged, *words = arguments
    end_with(int(parent))
    folder = RunFolder(Path(root))
    folder.root.mkdir(parents=True, exist_ok=True)
    lock = take_lock(folder.lock)
    if lock is None:
        return BUSY
    _held.append(lock)
    wanted = int(steps), int(images) or None, tested == "1", json.loads(judged)
    if state_of(folder.root, *wanted).complete:
        return 0
    name = kernels(cache_folder() / "sweep")
    if name:
        os.environ["JNERF_KERNELS"] = name
    sys.argv = ["jnerf", *words]  # what run.json notes
    from jnerf.cli import main as jnerf

    return jnerf(words)


def end_with(parent: int) -> None:
    """Asks the kernel for a SIGTERM when the process ends that has started this one; ends if it has ended already."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(128 + signal.SIGTERM)


def kernels(folder: Path) -> str:
    """A name for ``JNERF_KERNELS`` that nobody else on this machine has while this process lives; "" without room.

    Args:
        folder: of the locks.
    """
    base = os.environ.get("JNERF_KERNELS") or "sweep"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for i in range(_MOST):
            lock = take_lock(folder / f"{socket.gethostname()}_{base}_{i}.lock")
            if lock is not None:
                _held.append(lock)
                return f"{base}_{i}"
    except OSError:
        pass
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
