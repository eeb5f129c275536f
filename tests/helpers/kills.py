"""Kills a training of several processes at random moments until it is done, and compares it with an unbroken one.

    python tests/helpers/kills.py FOLDER --kills 50 [--ranks 2] [--seed 0]

Each time a random process is killed with SIGKILL (of the ranks, now and then mpirun itself): within seconds after the
start, while modules are imported or kernels loaded, or when a random step has been saved, while steps are made or
checkpoints written. All processes must be gone soon after. A training that is done before it has been killed often
enough is compared, and another one begun.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ranks import ROOT, SMALL, command, environment  # noqa: E402

import jnerf  # noqa: E402, F401
from jnerf.engine.checkpoints.checkpoint import load_checkpoint  # noqa: E402
from jnerf.engine.logging import read_log  # noqa: E402

#: Seconds within which all processes must be gone once one is killed. Those that still import modules when mpirun is
#: killed learn of it when they begin to talk, which takes a while on a busy machine.
PROMPT = 60.0


def words(folder: Path, name: str, steps: int) -> list[str]:
    """What each process runs: a training that goes on where the one before was killed."""
    settings = [f"exp_name={name}", f"total_steps={steps}", "checkpoint.every=5", "log_every=5"]
    task = ["-m", "jnerf", "train", *SMALL, *settings, "evaluation.at_end=False", "report=False"]
    return [*task, "--save-dir", str(folder), "--resume"]


def start(folder: Path, name: str, steps: int, ranks: int) -> subprocess.Popen:
    """Begins, or goes on; what it says goes to a file."""
    said = open(folder / f"{name}.txt", "a")  # noqa: SIM115 - the processes' own
    where = {"cwd": ROOT, "env": environment(), "stdout": said, "stderr": said}
    return subprocess.Popen(command(ranks, words(folder, name, steps)), **where)


def children(pid: int) -> list[int]:
    """Processes that are alive and were started by another."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return sorted(found)


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def kill_one(process: subprocess.Popen, rng: random.Random) -> str:
    """Kills a rank or mpirun, and waits until all have ended.

    Raises:
        AssertionError: one goes on without the others.
    """
    ranks = children(process.pid)
    victim = process.pid if not ranks or rng.random() < 0.1 else rng.choice(ranks)
    os.kill(victim, signal.SIGKILL)
    begin = time.monotonic()
    while process.poll() is None or not all(map(gone, ranks)):
        if time.monotonic() - begin > PROMPT:
            raise AssertionError(
                f"{PROMPT} s after {victim} was killed, of {ranks} there are still some"
            )
        time.sleep(0.05)
    what = "mpirun" if victim == process.pid else f"rank {ranks.index(victim)}"
    return f"{what}, all gone after {time.monotonic() - begin:.1f} s"


def last_step(folder: Path, name: str) -> int:
    """Of the newest checkpoint; 0 where there is none."""
    steps = [int(p.stem[5:]) for p in (folder / name / "checkpoints").glob("step_*.safetensors")]
    return max(steps, default=0)


def reached(
    process: subprocess.Popen, folder: Path, name: str, steps: int, rng: random.Random
) -> bool:
    """Waits for a random moment; False where the training is done, or was before it."""
    last = last_step(folder, name)
    if last >= steps:
        return False
    if rng.random() < 0.3:
        delay = rng.uniform(0, 6)
    else:
        goal = rng.randint(last + 1, steps)
        while process.poll() is None and last_step(folder, name) < goal:
            time.sleep(0.01)
        delay = rng.uniform(0, 0.5)
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        return True
    return False


def compare(folder: Path, name: str, steps: int) -> None:
    """Whether a run has the weights, moments, grid and log of the one that nobody killed.

    Raises:
        AssertionError: it has not.
    """
    file = Path("checkpoints") / f"step_{steps:08}.safetensors"
    one, two = (load_checkpoint(folder / run / file).state for run in ("straight", name))
    assert set(one) == set(two)
    different = [key for key, array in one.items() if not np.array_equal(array, two[key])]
    assert not different, different
    logs = [read_log(folder / run / "log.jsonl") for run in ("straight", name)]
    losses = [[(row["step"], row["loss"]) for row in log if "loss" in row] for log in logs]
    assert losses[0] == losses[1]  # each row once


def main(arguments: list[str] | None = None) -> None:
    """Kills, goes on, compares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    folder, rng = options.folder, random.Random(options.seed)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    how = options.steps, options.ranks
    done = start(folder, "straight", *how).wait()
    assert done == 0, (folder / "straight.txt").read_text()[-3000:]
    killed = finished = 0
    while killed < options.kills or last_step(folder, f"killed_{finished}") < options.steps:
        name = f"killed_{finished}"
        process = start(folder, name, *how)
        if killed < options.kills and reached(process, folder, name, options.steps, rng):
            killed += 1
            at = last_step(folder, name)
            print(f"kill {killed} at step {at}: {kill_one(process, rng)}", flush=True)
            continue
        assert process.wait() == 0, (folder / f"{name}.txt").read_text()[-3000:]
        compare(folder, name, options.steps)
        print(f"{name} is the same, bit for bit", flush=True)
        if killed < options.kills:
            finished += 1
    print(f"{killed} kills, {finished + 1} trainings, each the same as the one that nobody killed")


if __name__ == "__main__":
    main()
