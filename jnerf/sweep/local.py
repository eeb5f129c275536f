"""Runs on this machine: cores and GPUs are shared out, each run is a process of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from jnerf.errors import ConfigError
from jnerf.sweep.executor import Executor
from jnerf.sweep.job import Job, Outcome, Process
from jnerf.sweep.plan import Run

_CORES = 4  # of a run, where a machine has many


class LocalExecutor(Executor):
    """Starts runs as processes.

    Args:
        jobs: runs at a time; None: one for each GPU, without any one for each four cores.
        threads: of each run; None: the cores, shared out.
        program: see ``Job``.

    Raises:
        ConfigError: a number is below 1.
    """

    def __init__(
        self, jobs: int | None = None, threads: int | None = None, program: tuple[str, ...] = ()
    ) -> None:
        check_numbers(jobs, threads)
        self._gpus = visible_gpus()
        cores = len(os.sched_getaffinity(0))
        self._jobs = jobs or max(1, len(self._gpus) or cores // _CORES)
        self._threads = threads or max(1, cores // self._jobs)
        self._program = {"program": program} if program else {}
        self._processes: dict[str, tuple[int, Process]] = {}

    def room(self) -> int:
        """See ``Executor``."""
        return self._jobs - len(self._processes)

    def start(self, run: Run, root: Path) -> str:
        """See ``Executor``."""
        taken = {slot for slot, _ in self._processes.values()}
        slot = next(i for i in range(self._jobs) if i not in taken)
        told = f"{self._threads} thread{'s' if self._threads > 1 else ''}"
        environment = {}
        if self._gpus:
            gpu = self._gpus[slot % len(self._gpus)]
            environment["CUDA_VISIBLE_DEVICES"] = gpu
            told += f", GPU {gpu}"
        job = Job(run, root, self._threads, environment, **self._program)
        self._processes[run.name] = slot, Process(job)
        return told

    def finished(self) -> Iterator[tuple[str, Outcome]]:
        """See ``Executor``."""
        for name, (_, process) in list(self._processes.items()):
            outcome = process.poll()
            if outcome is not None:
                del self._processes[name]
                yield name, replace(outcome, host="")  # which would be told of each

    @property
    def running(self) -> list[str]:
        """See ``Executor``."""
        return list(self._processes)

    def stop(self) -> None:
        """See ``Executor``."""
        for _, process in self._processes.values():
            process.stop()

    def close(self) -> None:
        """See ``Executor``."""
        while self._processes:
            _, (_, process) = self._processes.popitem()
            process.kill()


def visible_gpus() -> list[str]:
    """The GPUs that runs may have, as ``CUDA_VISIBLE_DEVICES`` names them; none where jnerf computes on the CPU."""
    from jnerf.runtime import device

    if device() != "cuda":
        return []
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    if said is not None:
        return [name.strip() for name in said.split(",") if name.strip()]
    from jnerf.runtime.cuda import probe_driver

    return [str(i) for i in range(len(probe_driver().gpus))]


def check_numbers(jobs: int | None, threads: int | None) -> None:
    """Raises ConfigError unless numbers that are given are at least 1."""
    for flag, value in (("--jobs", jobs), ("--threads", threads)):
        if value is not None and value < 1:
            raise ConfigError(f"{flag} is {value}; it must be at least 1")
