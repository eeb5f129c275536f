"""The end of a process that is over before its threads have begun.

Jittor starts threads for compilation with the first op, and at exit sends each a message to leave. One that does not
wait for messages yet misses it, and Jittor waits for that thread for ever. On a busy machine a short program
(``python -m jnerf.doctor --compile``) is that quick.
"""

from __future__ import annotations

import time
from pathlib import Path

PATIENCE = 0.5  # seconds; OpenMP's threads may be told to spin, and then never sleep


def wait_until_asleep(tasks: Path = Path("/proc/self/task"), patience: float = PATIENCE) -> bool:
    """Waits until all other threads of this process sleep: then they wait for messages.

    Args:
        tasks: where Linux lists the threads; elsewhere there is nothing to be found out.
        patience: the longest wait, seconds.

    Returns:
        Whether they do.
    """
    end = time.monotonic() + patience
    while not all(map(_asleep, _others(tasks))):
        if time.monotonic() >= end:
            return False
        time.sleep(0.001)
    return True


def _others(tasks: Path) -> list[Path]:
    """All threads but the main one, which has the number of the process."""
    main = tasks.parent.resolve().name
    try:
        return [task for task in tasks.iterdir() if task.name != main]
    except OSError:
        return []


def _asleep(task: Path) -> bool:
    try:
        stat = (task / "stat").read_text()
    except OSError:  # it has ended
        return True
    return stat.rpartition(")")[2].split()[0] != "R"
