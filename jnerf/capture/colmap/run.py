"""Runs one job in a process of its own, and turns its log into a progress bar.

A crash of COLMAP's takes nothing with it: its database is written image by image, and the next call goes on with it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

import jnerf
from jnerf.capture.colmap.jobs import Features, Job, Mapping
from jnerf.capture.colmap.program import command_line, find_program
from jnerf.capture.colmap.progress import complaint, progress
from jnerf.errors import ConfigError, JnerfError

_LABELS = {
    "features": "finding features",
    "matches": "matching",
    "mapping": "placing cameras",
    "refinement": "refining",
}
_KEPT_LINES = 200
_PATIENCE = 10.0  # seconds until a process that was asked to end is made to


@dataclass(frozen=True)
class Colmap:
    """Which COLMAP, and where its log goes.

    Attributes:
        folder: of the database, the log and the models.
        program: path of a ``colmap`` program; None for pycolmap.
    """

    folder: Path
    program: str | None = None

    @classmethod
    def at(cls, folder: Path, program: str | None = None) -> Colmap:
        """COLMAP, checked to be there.

        Args:
            folder: see the class.
            program: name or path of a ``colmap`` program; None for pycolmap.

        Raises:
            ConfigError: it is not there.
        """
        if program is not None:
            return cls(folder, find_program(program))
        if importlib.util.find_spec("pycolmap") is None:
            raise ConfigError(
                f"pycolmap is not installed in {sys.executable}: pip install 'jnerf[capture]', or name an installed "
                "COLMAP with --colmap"
            )
        return cls(folder)

    @property
    def log(self) -> Path:
        """COLMAP's log, to which every run is added."""
        return self.folder / "colmap.log"

    def run(self, job: Job) -> float:
        """Does a job; returns the seconds that it took.

        Raises:
            JnerfError: COLMAP failed or died; says what its log says.
            KeyboardInterrupt: somebody asked to stop; COLMAP has ended, and what it had stored is kept.
        """
        start = time.monotonic()
        process = self._start(job)
        last: deque[str] = deque(maxlen=_KEPT_LINES)
        unit = "image" if isinstance(job, (Features, Mapping)) else "step"
        label = _LABELS[job.stage]
        try:
            with (
                self.log.open("a", encoding="utf-8") as log,
                tqdm(desc=label, unit=unit, leave=False, disable=None) as bar,
            ):
                for line in process.stderr:
                    log.write(line)
                    last.append(line.rstrip("\n"))
                    show(bar, progress(job, line))
            status = process.wait()
        finally:
            _end(process)
        if status != 0:
            raise JnerfError(self._fault(job, status, list(last)))
        return time.monotonic() - start

    def _start(self, job: Job) -> subprocess.Popen[str]:
        """The process, in a session of its own: Ctrl-C reaches the parent alone, which then ends it."""
        how = dict(text=True, encoding="utf-8", errors="replace", start_new_session=True)
        if self.program is not None:
            command = command_line(self.program, job, self.folder)
            pipes = dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            process = subprocess.Popen(command, **pipes, **how)
            process.stderr = process.stdout  # older versions log to stdout
            return process
        places = [str(Path(jnerf.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, places))}
        command = [sys.executable, "-m", "jnerf.capture.colmap.worker"]
        pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        process = subprocess.Popen(command, **pipes, env=environment, **how)
        try:
            process.stdin.write(json.dumps(job.message()) + "\n")
            process.stdin.flush()  # and stays open: the child ends with its parent
        except BrokenPipeError:
            pass  # its status will tell
        return process

    def _fault(self, job: Job, status: int, lines: list[str]) -> str:
        if status < 0:
            how = f"was ended by signal {-status} ({signal.Signals(-status).name})"
            if status == -signal.SIGKILL:
                how += ", most likely for lack of memory"
        else:
            how = f"ended with status {status}"
        said = complaint(lines)
        return (
            f"COLMAP {how} while {_LABELS[job.stage]}{': ' + said if said else ''}. Its log is {self.log}; what was "
            "found is kept, and the same command with --resume goes on"
        )


def show(bar: tqdm, found: tuple[int, int] | None) -> None:
    """Moves a progress bar to where the log says that the stage is."""
    if found is not None:
        bar.total, bar.n = found[1], max(bar.n, min(found))
        bar.refresh()


def _end(process: subprocess.Popen[str]) -> None:
    """Ends a process that still runs; it gets time to finish what it writes."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):  # what the child has not read
                pipe.close()
