"""Keeps an executor busy until every run is complete, or cannot be."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from jnerf.sweep.executor import Executor
from jnerf.sweep.job import Outcome
from jnerf.sweep.plan import Plan, Run
from jnerf.sweep.progress import Progress
from jnerf.sweep.state import state

_POLL = 0.1  # seconds between looks at the processes
_LATER = 5.0  # seconds until a run is tried again in whose folder another process trains
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_PROBE = 1 << 18  # bytes; whether they can be written tells a full disk, and a quota, too


@dataclass
class Result:
    """What a sweep has done.

    Attributes:
        failed: runs that did not become complete, and why.
        complete: runs that did.
        stopped: whether it was asked to stop.
        starts: how often each run was started.
    """

    failed: dict[str, str] = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)
    stopped: bool = False
    starts: dict[str, int] = field(default_factory=dict)


class Drive:
    """One pass over a plan.

    Args:
        plan: the runs; those that are complete are left alone.
        executor: what trains them.
        progress: what is said.
        stop: whether to stop: asked all the time.
        retries: how often a run may die in a row, without a new checkpoint in between, and is started again.
        stop_on_error: stop the others when one fails.
        later: seconds until a run is tried again in whose folder another process trains.
    """

    def __init__(
        self,
        plan: Plan,
        executor: Executor,
        progress: Progress,
        stop: Callable[[], bool],
        retries: int = 2,
        stop_on_error: bool = False,
        later: float = _LATER,
    ) -> None:
        self._plan, self._executor, self._progress, self._stop = plan, executor, progress, stop
        self._retries, self._stop_on_error, self._later = retries, stop_on_error, later
        self._runs = {run.name: run for run in plan.runs}
        self._states = {run.name: state(plan, run) for run in plan.runs}
        self._queue = [run for run in plan.runs if not self._states[run.name].complete]
        self._not_before: dict[str, float] = {}
        self._deaths: dict[str, int] = {}
        self._no_more = ""  # why no further run is begun
        self.result = Result()

    def go(self) -> Result:
        """Returns when nothing runs any more and nothing is left to begin."""
        while True:
            if self._stop() and not self.result.stopped:
                self.result.stopped = True
                self._executor.stop()
            self._begin()
            for name, outcome in self._executor.finished():
                self._take(self._runs[name], outcome)
            running = self._executor.running
            if not running and (self.result.stopped or self._no_more or not self._queue):
                return self.result
            self._progress.look(running)
            time.sleep(_POLL)

    def _begin(self) -> None:
        """Starts what there is room for."""
        if self.result.stopped or self._no_more or not self._queue:
            return
        now = time.monotonic()
        ready = [run for run in self._queue if self._not_before.get(run.name, 0) <= now]
        for run in ready[: max(0, self._executor.room())] if ready else []:
            try:
                told = self._executor.start(run, self._plan.folder(run))
            except OSError as error:
                self._fail(run, f"cannot be started: {error}")
                self._end_if_full()
                return
            self._queue.remove(run)
            begun = self.result.starts.get(run.name, 0)
            self.result.starts[run.name] = begun + 1
            if run.name not in self._not_before:
                how = self._states[run.name].told(run.total_steps)
                said = "begins" if how == "not begun" else how
                self._progress.say(f"{run.name}: {said} ({told})")

    def _take(self, run: Run, outcome: Outcome) -> None:
        """What a run's end means."""
        before, self._states[run.name] = self._states[run.name], state(self._plan, run)
        where = f" on {outcome.host}" if outcome.host else ""
        if outcome.kind != "busy":
            self._not_before.pop(run.name, None)
        if outcome.kind == "complete":
            self.result.complete.add(run.name)
            done = self._progress.complete(run.name)
            self._progress.say(f"{run.name}: complete{where} ({done})")
        elif outcome.kind == "stopped":
            self._progress.say(f"{run.name}: stopped, saved after step {outcome.saved}")
        elif outcome.kind == "busy":
            self.result.starts[run.name] -= 1
            if run.name not in self._not_before:
                self._progress.say(f"{run.name}: {outcome.told}; it is waited for")
            self._not_before[run.name] = time.monotonic() + self._later
            self._queue.append(run)
        elif outcome.kind == "died":
            self._died(run, outcome, before.saved)
        else:
            self._fail(run, outcome.told, outcome.lines, where)
            self._end_if_full(outcome.lines)

    def _died(self, run: Run, outcome: Outcome, before: int) -> None:
        """A run was ended from outside: it goes on, unless that happens again and again at the same place."""
        saved = self._states[run.name].saved
        self._deaths[run.name] = 1 if saved > before else self._deaths.get(run.name, 0) + 1
        if self._deaths[run.name] > self._retries:
            n = self._deaths[run.name]
            often = f"{n} times in a row without a new checkpoint" if n > 1 else "once"
            self._fail(run, f"{outcome.told}, {often}; it is not tried again", outcome.lines)
            return
        self._progress.say(f"{run.name}: {outcome.told}; it is tried again")
        self._queue.insert(0, run)

    def _fail(self, run: Run, told: str, lines: tuple[str, ...] = (), where: str = "") -> None:
        """A run is given up."""
        if run in self._queue:
            self._queue.remove(run)
        self.result.failed[run.name] = "\n".join([f"{told}{where}", *lines])
        shown = "".join(f"\n    {line}" for line in lines)
        self._progress.say(f"{run.name}: FAILED, {told}{where}{shown}")
        if self._stop_on_error and not self._no_more:
            self._no_more = "a run failed (--stop-on-error)"
            self._executor.stop()

    def _end_if_full(self, lines: tuple[str, ...] = ()) -> None:
        """Begins no further run on a disk that takes nothing, or no checkpoint: each would fail alike.

        Args:
            lines: what the run has said that failed.
        """
        said = (text for text in map(os.strerror, _DISK) if any(text in line for line in lines))
        problem = next(said, "") or cannot_write(self._plan.root)
        if problem and not self._no_more:
            self._no_more = problem
            self._progress.say(f"no further run is begun, since the disk refuses: {problem}")


def cannot_write(folder: Path) -> str:
    """Why a disk takes nothing: it is full, a quota is reached, or it has become read-only; "" if it does."""
    probe = folder / f".probe.{os.getpid()}"
    try:
        with probe.open("wb") as file:
            file.write(bytes(_PROBE))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return os.strerror(error.errno or errno.EIO)
    finally:
        try:
            probe.unlink(missing_ok=True)
        except OSError:
            pass
    return ""
