"""Runs the parts of ``make test-cuda``: processes under a time limit, whose end takes all with it that they started."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

from jnerf.benchmark.gpu.summary import INTERRUPTED, Row

_PATIENCE = 5.0  # seconds for all processes of a part to end when they are asked to


@dataclass(frozen=True)
class Part:
    """Commands that run at once, and the most seconds that they may take.

    Attributes:
        beside: the parts behind it do not wait for it, except the one that is named so.
        device: sets JNERF_DEVICE.
        lacks: what this machine has not, without which it cannot run.
    """

    name: str
    seconds: int
    commands: list[list[str]]
    beside: str = ""
    device: str = ""
    lacks: str = ""


def chosen(stages: list[list[Part]], only: list[str]) -> list[list[Part]]:
    """The parts of these names; one that went beside others waits for itself where those are not among them."""
    found = [[part for part in stage if part.name in only] for stage in stages]
    return [
        [part if part.beside in only else replace(part, beside="") for part in stage]
        for stage in found
        if stage
    ]


class Runner:
    """Runs parts from ``root``; the output of each is ``<name>.log`` in ``out``, or one for each of its commands."""

    def __init__(self, root: Path, out: Path, scale: float) -> None:
        """Takes the folders, and the factor of all limits."""
        self._root, self._out, self._scale = root, out, scale
        self._at_work: set[subprocess.Popen] = set()
        self._ending = threading.Event()

    def run_all(
        self, stages: list[list[Part]], table: list[Row], done: Callable[[], object]
    ) -> None:
        """Runs the parts, those of a stage at once.

        Args:
            stages: in their order.
            table: gets a row (part, result, seconds) for each that is done, also if this is interrupted.
            done: called after each stage.
        """
        beside: dict[str, tuple[Part, Future]] = {}
        going: list[tuple[Part, Future]] = []
        with ThreadPoolExecutor() as pool:
            try:
                for stage in stages:
                    names = ", ".join(part.name for part in stage)
                    most = max(part.seconds for part in stage) * self._scale
                    going = [(part, pool.submit(self.run, part)) for part in stage]
                    if stage[0].beside:
                        print(f"test_cuda.py: {names} goes on beside what follows", flush=True)
                        beside[stage[0].beside] = going.pop(0)
                        continue
                    print(f"test_cuda.py: {names}, at most {most:.0f} s ...", flush=True)
                    going += [beside.pop(part.name) for part in stage if part.name in beside]
                    while going:
                        table.append((going[0][0].name, *_awaited(going[0][1])))
                        going.pop(0)
                    done()
            except BaseException:
                self._ending.set()
                _end(list(self._at_work))
                named = {name for name, _, _ in table}
                left = [pair for pair in (*going, *beside.values()) if pair[0].name not in named]
                table += [(part.name, *future.result()) for part, future in left]
                raise

    def run(self, part: Part) -> tuple[str, float]:
        """Runs one part; returns what became of it and its seconds."""
        if part.lacks:
            return f"not run: {part.lacks}", 0.0
        start, said = time.monotonic(), ""
        processes: list[subprocess.Popen] = []
        try:
            for i in range(len(part.commands)):
                if not self._ending.is_set():
                    processes.append(self._started(part, i))
                    self._at_work.add(processes[-1])
            if not self._ending.is_set():  # else this may have begun behind the back of whoever ends all
                said = _result(processes, start, part.seconds * self._scale)
        except OSError as error:
            said = f"failed: {error}"
        finally:
            _end(processes)
            self._at_work.difference_update(processes)
        if self._ending.is_set():
            said = INTERRUPTED
        return said, time.monotonic() - start

    def _started(self, part: Part, i: int) -> subprocess.Popen:
        environment = dict(os.environ)
        if part.device:
            environment["JNERF_DEVICE"] = part.device
            environment["OMP_NUM_THREADS"] = "1"
        if "-n" in part.commands[0]:
            environment.pop("JNERF_KERNELS", None)  # every process of the tests names its own
        several = len(part.commands) > 1
        if several:  # one lock for all would have them wait for each other's compilers
            environment["JNERF_KERNELS"] = f"{part.name}_{i}"
        with (self._out / f"{part.name}{f'_{i}' if several else ''}.log").open("wb") as log:
            return subprocess.Popen(
                part.commands[i],
                cwd=self._root,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def _awaited(future: Future) -> tuple[str, float]:
    """Its result; looked for again and again, since a signal that another thread has taken does not wake this one."""
    while not wait([future], timeout=0.5).done:
        pass
    return future.result()


def _result(processes: Sequence[subprocess.Popen], start: float, most: float) -> str:
    """Waits; of processes that are cut, those that had failed before are what counts."""
    cut = ""
    try:
        for process in processes:
            process.wait(max(0, start + most - time.monotonic()))
    except subprocess.TimeoutExpired:
        cut = f"cut after {most:.0f} s"
    worst = next((status for status in (p.poll() for p in processes) if status), 0)
    if worst:
        return f"failed with status {worst}" + (f", the rest {cut}" if cut else "")
    return cut or "passed"


def _end(processes: Sequence[subprocess.Popen]) -> None:
    """Ends what is left of them, their compilers included: all are asked first, and given the same seconds."""
    _send(processes, signal.SIGTERM)
    end = time.monotonic() + _PATIENCE
    for process in processes:
        try:
            process.wait(max(0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            break
    _send(processes, signal.SIGKILL)
    for process in processes:
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:  # the kernel holds it, perhaps for a driver
            continue


def _send(processes: Sequence[subprocess.Popen], number: int) -> None:
    for process in processes:
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            continue
