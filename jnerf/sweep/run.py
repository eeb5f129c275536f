"""``jnerf sweep``, from the plan to the table."""

from __future__ import annotations

import os
import shlex
import socket
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

from jnerf.command_line import INTERRUPTED
from jnerf.engine.guards.lock import take_lock
from jnerf.engine.logging import to_json
from jnerf.engine.stop import StopSignal
from jnerf.errors import ConfigError, DataError
from jnerf.figures.tables import aligned
from jnerf.files import check_writable, write_text_atomic
from jnerf.report.run_data import RunData, read_run
from jnerf.sweep.cluster import TOKEN, RayExecutor
from jnerf.sweep.drive import Drive, Result
from jnerf.sweep.executor import Executor
from jnerf.sweep.job import train_words
from jnerf.sweep.local import LocalExecutor, check_numbers
from jnerf.sweep.numbers import numbers_of, warnings_of
from jnerf.sweep.plan import Plan
from jnerf.sweep.progress import Progress
from jnerf.sweep.report import Found, sweep_html
from jnerf.sweep.same import check_folders
from jnerf.sweep.state import state
from jnerf.sweep.tables import latex_tables, markdown_tables, table_record, text_tables

LOCK = ".sweep.lock"
_PATIENCE = 60.0  # seconds until a result that another host has written must be seen here


@dataclass(frozen=True)
class Settings:
    """How a sweep is done.

    Attributes:
        on: ``local`` or ``ray``.
        address: of the Ray cluster.
        jobs: runs at a time; None: as the executor thinks.
        threads: of each; None: as the executor thinks.
        retries: see ``Drive``.
        stop_on_error: see ``Drive``.
        program: see ``Job``; empty for its own.
    """

    on: str = "local"
    address: str | None = None
    jobs: int | None = None
    threads: int | None = None
    retries: int = 2
    stop_on_error: bool = False
    program: tuple[str, ...] = ()


def sweep(plan: Plan, settings: Settings) -> int:
    """Trains what is not complete, and writes table and report.

    Args:
        plan: the runs.
        settings: how.

    Returns:
        Exit status: 0 all complete, 1 some failed, 130 interrupted.

    Raises:
        ConfigError: another sweep is at work in the folder, runs of other settings lie there, or it cannot be written.
        JnerfError: there is no Ray.
    """
    check_numbers(settings.jobs, settings.threads)
    if settings.retries < 0:
        raise ConfigError(f"--retries is {settings.retries}; it must be at least 0")
    check_writable(plan.root, "--save-dir")
    with _claim(plan.root):
        check_folders(plan)
        record = _record(plan)
        write_text_atomic(plan.root / TOKEN, record)
        result = _drive(plan, settings, record)
        found = find(plan, result)
        write_tables(found)
    left = len(plan.runs) - len(found.data)
    told = f"{left} of {len(plan.runs)} runs are not complete"
    if result.stopped:
        print(f"\nstopped: {told}. The same command goes on.")
        return INTERRUPTED
    if left:
        print(f"\n{told}. When what is wrong is mended, the same command goes on with them alone.")
    return 1 if left else 0


def _claim(root: Path) -> IO:
    """Keeps other sweeps out of the folder until this process has ended, however it ends."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = take_lock(
            root / LOCK, f"process {os.getpid()} on {socket.gethostname()} since {now}\n"
        )
        if lock is not None:
            return lock
        who = (root / LOCK).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(
            f"cannot write {root}: {error}. Choose another with --save-dir."
        ) from error
    raise ConfigError(
        f"another sweep is at work in {root} ({who or 'it does not say which'}). Wait until it has ended or stop it, "
        "or choose another --save-dir."
    )


def _record(plan: Plan) -> str:
    """What lies beside the runs: the command, and which runs it means."""
    runs = [
        {"name": run.name, "method": run.method, "scene": run.scene, "variant": run.variant}
        | {"seed": run.seed, "command": ["jnerf", *train_words(run, plan.root)]}
        for run in plan.runs
    ]
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    told = {"command": sys.argv, "started": now, "runs": runs}
    return to_json(told, indent=2) + "\n"


def _drive(plan: Plan, settings: Settings, record: str) -> Result:
    states = {run.name: state(plan, run) for run in plan.runs}
    done = sum(found.complete for found in states.values())
    print(f"{len(plan.runs)} runs in {plan.root}, {done} of them complete", flush=True)
    if done == len(plan.runs):
        return Result()
    with (
        StopSignal("the runs at work save and leave") as stop,
        closing(_executor(settings, record)) as executor,
        closing(Progress(plan, states)) as progress,
    ):
        drive = Drive(plan, executor, progress, stop, settings.retries, settings.stop_on_error)
        return drive.go()


def _executor(settings: Settings, record: str) -> Executor:
    if settings.on == "ray":
        return RayExecutor(
            record, settings.address, settings.jobs, settings.threads, settings.program
        )
    return LocalExecutor(settings.jobs, settings.threads, settings.program)


def tabulate(plan: Plan) -> None:
    """Writes table and report of what is complete, and trains nothing.

    Raises:
        DataError: there is no such sweep.
    """
    if not plan.root.is_dir():
        raise DataError(
            f"{plan.root} is not there: no sweep has begun in it. Name its folder with --save-dir"
        )
    write_tables(find(plan))


def find(plan: Plan, result: Result | None = None) -> Found:
    """Reads what the run folders say.

    Args:
        plan: the runs.
        result: of the pass before, if there was one. What another host has completed may become visible later.
    """
    result = result or Result()
    data: dict[str, RunData] = {}
    states: dict[str, str] = {}
    end = time.monotonic() + _PATIENCE
    for run in plan.runs:
        found = state(plan, run)
        while run.name in result.complete and not found.complete and time.monotonic() < end:
            time.sleep(1)
            found = state(plan, run)
        if found.complete:
            data[run.name] = read_run(plan.folder(run))
        else:
            states[run.name] = found.told(run.total_steps)
    runs = [run for run in plan.runs if run.name in data]
    notes = warnings_of(runs, data)
    return Found(plan, numbers_of(plan.runs, data), data, states, result.failed, notes)


def write_tables(found: Found) -> None:
    """Prints the table; writes it and the report into the folder of the sweep.

    Args:
        found: what came out.

    Raises:
        OSError: the disk refuses; the table has been printed by then.
    """
    plan, numbers = found.plan, found.numbers
    for note in found.notes:
        print(f"warning: {note}")
    print(f"\n{text_tables(numbers)}" if numbers.metrics else "\nno run is complete yet")
    sys.stdout.flush()
    record = table_record(numbers, plan.runs, found.data, found.failed, found.notes)
    files = {
        "table.md": lambda: markdown_tables(numbers, found.notes),
        "table.tex": lambda: latex_tables(numbers),
        "table.json": lambda: record,
        "sweep.html": lambda: sweep_html(found),
    }
    for name, make in files.items():
        write_text_atomic(plan.root / name, make())
    print(f"\ntable: {plan.root}/table.md, .tex, .json; report: {plan.root}/sweep.html")


def show_plan(plan: Plan) -> None:
    """Prints the runs, how far they are, and how each would be started by hand."""
    rows = [
        [run.name, run.method, run.scene, run.variant or "–", str(run.seed)]
        + [state(plan, run).told(run.total_steps)]
        for run in plan.runs
    ]
    print(aligned(["run", "method", "scene", "settings", "seed", "state"], rows, left=6))
    print()
    for run in plan.runs:
        print(shlex.join(["jnerf", *train_words(run, plan.root)]))
