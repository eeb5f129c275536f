"""Jittor's first build, in a child process, with one line of progress.

A child, because Jittor's import prints a screen of noise while it compiles and ends the process with ``exit(0)`` when
flags have changed. The parent imports only what a child has already imported with success. That success is remembered
by a stamp inside the very cache that was built, so deleting the cache deletes the memory too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

from jnerf.runtime import faults, home, mpi
from jnerf.runtime.plan import Plan, SetupError

_TRIES = 4  # a build that changes the flags of an old cache needs two, the plain way one more
_DONE = "jnerf: jittor is ready"
_CHILD = """
import sys
sys.path[:] = {path!r}
tidy = lambda: None
from jnerf.runtime import core_build, hook
hook.withdraw()
if {fast!r}:
    import jittor_utils
    tidy = core_build.install(jittor_utils, {jittor_path!r})
import jittor, numpy
tidy()
for kind in ("float32", "float64", "int32", "int64", "uint8"):
    for given in (numpy.arange(4, dtype=kind), numpy.arange(9, dtype=kind).reshape(3, 3).T[:2]):
        got = jittor.array(given).numpy()
        assert (got == given).all(), f"Jittor corrupts data: {{given}} became {{got}} ({{kind}})"
print({done!r})
"""
_GENERATED_FILES = (
    17  # compiled besides Jittor's own sources; only the progress bar's end depends on it
)


def is_built(cache: Path) -> bool:
    """Whether a child has imported Jittor from ``cache`` with success; with its MPI where mpirun has started this."""
    return _stamp(cache).is_file()


def forget(cache: Path) -> None:
    """Makes the next ``ensure`` import Jittor in a child again."""
    _stamp(cache).unlink(missing_ok=True)


def ensure(cache: Path, jittor_path: Path, plan: Plan, stream: TextIO | None = None) -> None:
    """Builds Jittor into ``cache`` unless that was done before.

    Args:
        cache: the folder that Jittor uses for the environment at hand.
        jittor_path: Jittor's package folder; its sources are counted for the progress.
        plan: already applied to ``os.environ``; says what is being built.
        stream: where the progress goes; standard error by default.

    Raises:
        SetupError: the build failed; the message holds the end of its output and where the rest is.
    """
    if is_built(cache):
        return
    launch = mpi.several() or mpi.Launch()
    progress = _Progress(
        cache,
        _source_files(jittor_path, plan),
        plan.device,
        stream or sys.stderr,
        silent=launch.rank > 0,
    )
    try:
        _build(cache, jittor_path, plan, progress)
    except OSError as error:
        progress.close("failed")
        said = home.refusal(plan.home, error)
        raise SetupError(f"{said}: make room or make it writable, or {home.REMEDY}.") from error


def _build(cache: Path, jittor_path: Path, plan: Plan, progress: _Progress) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    log = cache / "jnerf_build.log"
    start = time.monotonic()
    fast = plan.device == "cpu"  # nvcc knows no precompiled headers
    for _ in range(_TRIES):
        code = _CHILD.format(path=sys.path, done=_DONE, fast=fast, jittor_path=str(jittor_path))
        status, output = _import_in_child(code, log, progress, plan.home)
        if _DONE in output:
            progress.close(f"done in {time.monotonic() - start:.0f} s")
            _stamp(cache).write_text(f"{plan.device}\n")
            return
        if status != 0 and not fast:
            break
        fast = fast and status == 0  # what goes wrong in our way may go right in Jittor's
    progress.close("failed")
    if said := faults.fault(output, cache):
        raise SetupError(f"Jittor could not be built: {said} All output: {log}.")
    tail = "\n".join(output.strip().splitlines()[-15:])
    device = " JNERF_DEVICE=cpu does without CUDA." if plan.device == "cuda" else ""
    raise SetupError(
        f"Jittor could not be built (exit status {status}); python -m jnerf.doctor looks for the reason.{device} "
        f"All output: {log}. Its end:\n{tail}"
    )


def _stamp(cache: Path) -> Path:
    return cache / ("jnerf_ready" if mpi.several() is None else "jnerf_ready_mpi")


def _source_files(jittor_path: Path, plan: Plan) -> int:
    kinds = ("*.cc", "*.cu") if plan.device == "cuda" else ("*.cc",)
    return sum(1 for kind in kinds for _ in (jittor_path / "src").rglob(kind)) + _GENERATED_FILES


def _import_in_child(code: str, log: Path, progress: _Progress, folder: Path) -> tuple[int, str]:
    """Runs ``code``, which imports Jittor, in a child of the same environment; returns its status and output."""
    with open(log, "wb") as file:
        # A process group of its own: Jittor's compile workers inherit its lock, and one that outlives an
        # interrupted build would keep every later import of Jittor waiting for ever.
        child = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**mpi.untied(os.environ), **home.variables(folder)},  # a rank's child is none
        )
        try:
            while True:
                try:
                    status = child.wait(timeout=0.5)
                    break
                except subprocess.TimeoutExpired:
                    progress.update()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    return status, log.read_text(errors="replace")


class _Progress:
    """One line on a terminal, rewritten in place; elsewhere one line at the beginning and its end."""

    def __init__(
        self, cache: Path, total: int, device: str, stream: TextIO, silent: bool = False
    ) -> None:
        self.cache, self.total, self.stream = cache, total, stream
        self.silent = silent
        self.start = time.time()  # wall clock: compared with the times of files
        self.terminal = stream.isatty()
        self.text = (
            f"jnerf: compiling Jittor for this machine ({device}), once, about a minute on 2 cores"
        )
        self.announced = False

    def update(self) -> None:
        """Shows the number of compiled files; silent for the first seconds, in case there is little to do."""
        seconds = time.time() - self.start
        if self.silent or seconds < 2:
            return
        if self.terminal:
            line = f"{self.text}: {self._compiled()} of about {self.total} files, {seconds:.0f} s"
            self.stream.write(f"\r{line}\x1b[K")
        elif not self.announced:
            self.stream.write(f"{self.text} ... ")
        self.announced = True
        self.stream.flush()

    def close(self, text: str) -> None:
        """Ends the line, if one was begun."""
        if self.announced:
            self.stream.write(f"\r{self.text}: {text}\x1b[K\n" if self.terminal else f"{text}\n")
            self.stream.flush()

    def _compiled(self) -> int:
        return min(self.total, sum(1 for _ in self.cache.glob("**/obj_files/*.o")))
