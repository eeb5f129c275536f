"""Training seconds: what ``log.jsonl`` and every published time to quality count.

Counted is the wall time spent inside training steps. Not counted are evaluation, checkpoints and
start-up, which happen outside the steps, and Jittor's compilation, which happens inside them: a
kernel is compiled at the step that first needs it (mostly step 0, but also the first occupancy
update, or the first batch of another size class).

Compilation has no hook of its own, but it always creates files in Jittor's ``jit`` folder, and
loading an already compiled kernel does not. So a step that changed the folder's modification time
has compiled. Such a step still trained, therefore it is not free: it is charged what the next step
without compilation costs. With a warm cache no step compiles and the clock is the plain sum of the
steps. (Another process that fills the same cache at the same time makes steps look compiled; they
too are charged an ordinary step's time.)
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def jit_folder_version() -> int:
    """Changes when, and only when, Jittor has compiled a kernel: the modification time of its ``jit`` folder."""
    import jittor as jt

    try:
        return os.stat(Path(jt.flags.cache_path) / "jit").st_mtime_ns
    except FileNotFoundError:
        return 0


class TrainingClock:
    """Sums the time of training steps without compilation.

    >>> clock = TrainingClock(elapsed=10.0, version=lambda: 0)
    >>> with clock.step():
    ...     pass
    >>> clock.seconds >= 10.0
    True
    """

    def __init__(
        self,
        elapsed: float = 0.0,
        version: Callable[[], int] = jit_folder_version,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Starts the clock.

        Args:
            elapsed: seconds already trained, from the checkpoint that the run resumes from.
            version: a number that changes when something was compiled.
            now: the time in seconds.
        """
        self._elapsed = elapsed
        self._version = version
        self._now = now
        self._last = 0.0
        self._owed = 0

    @property
    def seconds(self) -> float:
        """Training seconds so far; compiling steps count as soon as a step's ordinary cost is known."""
        return self._elapsed + self._owed * self._last

    @contextmanager
    def step(self) -> Iterator[None]:
        """Wraps one training step; a step that raises is not counted."""
        version, start = self._version(), self._now()
        yield
        duration = self._now() - start
        if self._version() != version:
            self._owed += 1
            return
        self._elapsed += duration * (1 + self._owed)
        self._last, self._owed = duration, 0
