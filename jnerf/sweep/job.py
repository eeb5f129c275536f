"""One start of a run: its process, what it prints, and what became of it. The same here and on a host of Ray."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from jnerf.command_line import INTERRUPTED
from jnerf.sweep.plan import Run
from jnerf.sweep.state import state_of

#: Exit status of a start that found another process training in the run's folder (EX_TEMPFAIL).
BUSY = 75
OUTPUT = "output.txt"  # in the run's folder: what its processes have printed
_TAIL_BYTES = 1 << 14
#: Exit statuses of a start that somebody asked to end: while it trained; while it loaded, compiled or tested.
_ASKED = (INTERRUPTED, 128 + signal.SIGTERM, 128 + signal.SIGHUP)
_ROOT = Path(__file__).resolve().parents[2]

#: complete; another process trains there; ended by a signal or with its host; failed by its own error; ended because
#: the sweep asked for it.
Kind = Literal["complete", "busy", "died", "failed", "stopped"]


@dataclass(frozen=True)
class Job:
    """One start of a run.

    Attributes:
        run: what is to be trained.
        root: its folder, absolute.
        threads: of the CPU.
        environment: variables for its process.
        program: what stands in front of the words of ``jnerf``; a test has another.
    """

    run: Run
    root: Path
    threads: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    program: tuple[str, ...] = ("-m", "jnerf.sweep.worker")

    @property
    def words(self) -> list[str]:
        """What stands behind ``jnerf``, so that anybody can start it by hand."""
        return train_words(self.run, self.root.parent)


@dataclass(frozen=True)
class Outcome:
    """What became of a start.

    Attributes:
        kind: see ``Kind``.
        told: why, in words.
        lines: the last ones that were printed.
        saved: step of the newest checkpoint afterwards.
        host: where it ran.
    """

    kind: Kind
    told: str = ""
    lines: tuple[str, ...] = ()
    saved: int = 0
    host: str = ""


def train_words(run: Run, root: Path) -> list[str]:
    """The words behind ``jnerf`` that train a run, or go on with it.

    Args:
        run: the run.
        root: folder of the sweep.
    """
    name = f"exp_name={run.name}"
    return ["train", run.config, *run.overrides, name, "--save-dir", str(root), "--resume"]


class Process:
    """A started job.

    It gets SIGTERM, upon which a training saves and leaves, when whoever has started it ends, even by kill -9.

    Args:
        job: what to start.

    Raises:
        OSError: its folder cannot be written.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._stopped = False
        job.root.mkdir(parents=True, exist_ok=True)
        paths = [str(_ROOT), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ,
            **job.environment,
            "PYTHONPATH": os.pathsep.join(part for part in paths if part),
            "OMP_NUM_THREADS": str(job.threads),
        }
        command = [sys.executable, *job.program, *_facts(job), *job.words]
        with (job.root / OUTPUT).open("ab") as output:
            now = datetime.now(timezone.utc).isoformat(timespec="seconds")
            said = shlex.join(["jnerf", *job.words])
            output.write(f"== {now} on {socket.gethostname()}: {said}\n".encode())
            output.flush()
            self._start = output.tell()
            # A session of its own: Ctrl-C on the terminal is the sweep's, which then asks every run to stop.
            self._process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def poll(self) -> Outcome | None:
        """What became of it; None while it runs."""
        status = self._process.poll()
        return None if status is None else self._outcome(status)

    def wait(self) -> Outcome:
        """The same, when it has ended."""
        return self._outcome(self._process.wait())

    def stop(self) -> None:
        """Asks it to save and leave."""
        self._stopped = True
        if self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """Ends it and its compilers at once, and waits for that."""
        self._stopped = True
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()

    def _outcome(self, status: int) -> Outcome:
        run = self.job.run
        found = state_of(self.job.root, run.total_steps, run.n_images, run.tested, run.judged_with)
        kind, told = judge(status, found.complete, self._stopped)
        lines = (
            () if kind in ("complete", "busy") else last_lines(self.job.root / OUTPUT, self._start)
        )
        return Outcome(kind, told, lines, found.saved, socket.gethostname())


def judge(status: int, complete: bool, stopped: bool) -> tuple[Kind, str]:
    """What an exit status means.

    Args:
        status: of the process; below 0: the signal that ended it.
        complete: whether the run is complete.
        stopped: whether the sweep has asked it to stop.

    >>> judge(-9, False, False)[0], judge(2, False, False)[0], judge(130, False, True)[0]
    ('died', 'failed', 'stopped')
    """
    if complete:
        return "complete", ""
    if status == BUSY:
        return "busy", "another process trains in its folder"
    if stopped and (status < 0 or status in _ASKED):
        return "stopped", ""
    if status < 0:
        number = -status
        name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
        why = " (so the kernel does when memory runs out)" if number == signal.SIGKILL else ""
        return "died", f"ended by {name}{why}"
    if status in _ASKED:
        return "died", "somebody asked it to stop"
    if status == 0:
        return "failed", "it says that it is done, but its folder does not hold the result"
    return "failed", f"exit status {status}"


def last_lines(path: Path, start: int, most: int = 12) -> tuple[str, ...]:
    """The last lines of what was printed, of progress bars the last state only.

    Args:
        path: the file.
        start: byte from which on they count.
        most: how many at most.
    """
    try:
        with path.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(max(start, end - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ()
    lines = (line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n"))
    return tuple([line for line in lines if line][-most:])


def _facts(job: Job) -> list[str]:
    """What the worker must know besides the words of ``jnerf``."""
    run = job.run
    facts = [os.getpid(), job.root, run.total_steps, run.n_images or 0, int(run.tested)]
    return [*map(str, facts), json.dumps(run.judged_with)]
