"""Runs on a Ray cluster: each run is an actor that starts the run's process on whichever host has room.

Hosts share the folder of the sweep and have the same jnerf. A run whose host goes away is lost up to its newest
checkpoint, from which another host goes on.
"""

from __future__ import annotations

import logging
import os
import socket
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jnerf
from jnerf.errors import JnerfError
from jnerf.sweep.executor import Executor
from jnerf.sweep.job import Job, Outcome, Process
from jnerf.sweep.local import check_numbers
from jnerf.sweep.plan import Run

#: In the folder of a sweep; a host that does not see it has another folder there.
TOKEN = "sweep.json"
_THREADS = 4  # of a run without a GPU, where hosts have as many
_INSTALL = (
    "Ray is not installed. Run: pip install 'jnerf[cluster]' (or: pip install ray), on every host"
)


class Host:
    """What runs on a host, as an actor of Ray: it starts one process and waits for it."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._stopped = False

    def where(self) -> tuple[str, str]:
        """The host and its version of jnerf."""
        return socket.gethostname(), jnerf.__version__

    def run(self, job: Job, token: str, folder: str, patience: float) -> Outcome:
        """Starts a job and waits until it has ended.

        Args:
            job: what to start.
            token: what the sweep has written into its folder.
            folder: working directory of the sweep.
            patience: seconds until this host must see what the sweep has written.
        """
        host = socket.gethostname()
        if not _sees(job.root.parent / TOKEN, token, patience):
            told = (
                f"{job.root.parent} on {host} is not the folder of this sweep: all hosts must share it. Choose a "
                "shared one with --save-dir"
            )
            return Outcome("failed", told, host=host)
        if Path(folder).is_dir():  # relative scenes may start from it
            os.chdir(folder)
        try:
            self._process = Process(job)
        except OSError as error:
            return Outcome("failed", f"{error}", host=host)
        if self._stopped:
            self._process.stop()
        return self._process.wait()

    def stop(self) -> None:
        """Asks the process to save and leave."""
        self._stopped = True
        if self._process is not None:
            self._process.stop()


@dataclass
class _Started:
    actor: Any
    outcome: Any  # reference to what ``Host.run`` will return
    where: Any  # reference to what ``Host.where`` will return; not there while it waits for room
    host: str = ""


class RayExecutor(Executor):
    """Starts runs on a Ray cluster.

    Args:
        token: what ``TOKEN`` in the folder of the sweep holds.
        address: of the cluster; None: ``RAY_ADDRESS``, else the one that runs on this machine.
        jobs: runs at a time on all hosts together; None: as many as there is room for.
        threads: cores of each run; None: with GPUs the cores of a host for each of them, else at most four.
        program: see ``Job``.

    Raises:
        JnerfError: Ray is not installed, or there is no cluster.
    """

    #: Seconds until a host must see what the sweep has written.
    patience = 20.0

    def __init__(
        self,
        token: str,
        address: str | None = None,
        jobs: int | None = None,
        threads: int | None = None,
        program: tuple[str, ...] = (),
    ) -> None:
        check_numbers(jobs, threads)
        self._ray = connect(address)
        self._token, self._jobs, self._asked = token, jobs, threads
        self._program = {"program": program} if program else {}
        self._started: dict[str, _Started] = {}
        self._stopping = False

    def room(self) -> int:
        """See ``Executor``."""
        threads, gpus = self._share()
        there = sum(
            min(
                int(host.get("CPU", 0) // threads),
                int(host.get("GPU", 0) // gpus) if gpus else 1 << 30,
            )
            for host in self._hosts()
        )
        return min(there, self._jobs or there) - len(self._started)

    def start(self, run: Run, root: Path) -> str:
        """See ``Executor``."""
        threads, gpus = self._share()
        ray = self._ray
        host = ray.remote(num_cpus=threads, num_gpus=gpus, max_restarts=0, max_concurrency=3)(Host)
        actor = host.remote()
        environment = {} if gpus else {"CUDA_VISIBLE_DEVICES": ""}
        job = Job(run, root, threads, environment, **self._program)
        outcome = actor.run.remote(job, self._token, os.getcwd(), self.patience)
        self._started[run.name] = _Started(actor, outcome, actor.where.remote())
        told = f"{threads} thread{'s' if threads > 1 else ''}"
        return f"on Ray, {told}{', a GPU' if gpus else ''}"

    def finished(self) -> Iterator[tuple[str, Outcome]]:
        """See ``Executor``."""
        ray = self._ray
        for name, started in list(self._started.items()):
            if not started.host and ray.wait([started.where], timeout=0)[0]:
                started.host = self._arrived(started)
            if not ray.wait([started.outcome], timeout=0)[0]:
                continue
            del self._started[name]
            try:
                yield name, ray.get(started.outcome)
            except ray.exceptions.RayActorError as error:
                yield name, self._gone(started, str(error))
            except ray.exceptions.RayError as error:
                yield name, Outcome("failed", f"Ray: {str(error).strip().splitlines()[-1]}")
            finally:
                ray.kill(started.actor)

    @property
    def running(self) -> list[str]:
        """See ``Executor``."""
        return list(self._started)

    def stop(self) -> None:
        """See ``Executor``."""
        self._stopping = True
        for started in self._started.values():
            if started.host or self._ray.wait([started.where], timeout=0)[0]:
                started.actor.stop.remote()
            else:  # it waits for room, and has not begun
                self._ray.kill(started.actor)

    def close(self) -> None:
        """See ``Executor``."""
        while self._started:
            self._ray.kill(self._started.popitem()[1].actor)
        self._ray.shutdown()

    def _gone(self, started: _Started, why: str) -> Outcome:
        """What it means that an actor is no more."""
        if self._stopping and not started.host:
            return Outcome("stopped")
        if "creation task" in why:  # the same everywhere and every time
            lines = tuple(line for line in why.splitlines() if line.strip())[-4:]
            told = f"Ray cannot start it; is jnerf {jnerf.__version__} installed on every host?"
            return Outcome("failed", told, lines)
        where = f" {started.host}" if started.host else ""
        told = f"the Ray worker or its host{where} has gone"
        return Outcome("died", told, host=started.host)

    def _arrived(self, started: _Started) -> str:
        try:
            host, version = self._ray.get(started.where)
        except self._ray.exceptions.RayError:  # it has gone at once, and ``outcome`` says so
            return ""
        if version != jnerf.__version__:
            told = f"{host} has jnerf {version}, this machine {jnerf.__version__}"
            warnings.warn(told, stacklevel=2)
        return host

    def _hosts(self) -> list[dict[str, float]]:
        """What each living host has."""
        return [node["Resources"] for node in self._ray.nodes() if node["Alive"]]

    def _share(self) -> tuple[int, int]:
        """Cores and GPUs of a run."""
        hosts = [host for host in self._hosts() if host.get("CPU", 0) >= 1]
        if not hosts:
            return self._asked or 1, 0
        gpus = 1 if any(host.get("GPU", 0) >= 1 for host in hosts) else 0
        if self._asked or not gpus:
            fewest = int(min(host["CPU"] for host in hosts))
            return self._asked or min(_THREADS, fewest), gpus
        shares = [host["CPU"] // host["GPU"] for host in hosts if host.get("GPU", 0) >= 1]
        return max(1, int(min(shares))), gpus


def connect(address: str | None) -> Any:
    """The module ``ray``, connected to a cluster.

    Args:
        address: see ``RayExecutor``.

    Raises:
        JnerfError: Ray is not installed, or there is no cluster.
    """
    try:
        import ray
    except ImportError:
        raise JnerfError(_INSTALL) from None
    if not ray.is_initialized():
        try:
            ray.init(address or "auto", log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:  # Ray raises whatever it likes
            told = str(error).strip().splitlines()
            where = address or os.environ.get("RAY_ADDRESS") or "this machine"
            raise JnerfError(
                f"no Ray cluster at {where} ({told[0] if told else type(error).__name__}). Start one: ray start --head "
                "on one host, then on each other one: ray start --address=HOST:6379"
            ) from error
        _hush(ray)
    return ray


def _hush(ray: Any) -> None:
    """Keeps a page of a lost host's inner state off the terminal, for which Ray has no switch: we say it in a line."""
    worker = getattr(ray._private, "worker", None)
    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda *arguments, **keywords: None


def _sees(path: Path, token: str, patience: float) -> bool:
    """Whether a file holds a text, soon: a shared folder may be slow to tell."""
    end = time.monotonic() + patience
    while True:
        try:
            if path.read_text(encoding="utf-8") == token:
                return True
        except OSError:
            pass
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
