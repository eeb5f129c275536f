"""The process of a sweep's run, with a training that costs nothing: ``python fake_training.py`` and a worker's words.

It is the worker itself, but in place of jnerf's command line stands a loop that saves a checkpoint every few steps,
goes on from the newest, and saves and leaves upon SIGTERM. ``steps.txt`` of the run has a line "process step" for each
step, ``tests.txt`` one for each test. What it is to do otherwise is in ``fake.json`` beside the run folders, by name:
``{"run": {"delay": seconds, "every": steps, "fail": message, "kill_at": step, "times": n}}``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (str(Path(__file__).resolve()),)


def train(words: list[str]) -> int:
    """Stands in for ``jnerf train``; returns its exit status."""
    root = Path(words[words.index("--save-dir") + 1])
    name = next(word for word in words if word.startswith("exp_name=")).partition("=")[2]
    folder, total = root / name, int(sys.argv_of_worker[2])
    behaviour = json.loads((root / "fake.json").read_text()).get(name, {})
    names = "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "JNERF_KERNELS"
    print("threads {}, GPU {}, kernels {}".format(*map(os.environ.get, names)), flush=True)
    if "fail" in behaviour:
        print(f"loading ...\rloaded\nerror: {behaviour['fail']}", file=sys.stderr)
        return 2
    stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stop.append(number))
    checkpoints = folder / "checkpoints"
    checkpoints.mkdir(exist_ok=True)
    step = max([int(path.stem[5:]) for path in checkpoints.glob("step_*")], default=0)
    (folder / "run.json").write_text(json.dumps({"data": {"test": {"n_images": 3}}}))
    with (folder / "steps.txt").open("a", buffering=1) as log:
        while step < total and not stop:
            step += 1
            log.write(f"{os.getpid()} {step}\n")
            time.sleep(behaviour.get("delay", 0))
            if step == behaviour.get("kill_at") and _count(folder) <= behaviour.get("times", 1):
                os.kill(os.getpid(), signal.SIGKILL)
            if step % behaviour.get("every", 5) == 0 or step == total:
                _save(checkpoints, step)
    _save(checkpoints, step)
    if stop:
        return 130
    test(folder, step)
    return 0


def test(folder: Path, step: int, psnr: float = 20.0) -> None:
    """Writes what the test at the end would."""
    with (folder / "tests.txt").open("a") as log:
        log.write(f"{os.getpid()}\n")
    (folder / "test").mkdir(exist_ok=True)
    protocol = {"step": step, "n_images": 3, "train_seconds": 1.5}
    part = folder / "test" / "part"
    part.write_text(json.dumps({"protocol": protocol, "mean": {"psnr": psnr}, "images": []}))
    part.rename(folder / "test" / "metrics.json")


def _save(checkpoints: Path, step: int) -> None:
    part = checkpoints / "part"
    part.write_text("")
    part.rename(checkpoints / f"step_{step:08d}.safetensors")


def _count(folder: Path) -> int:
    """How many processes have trained in a folder."""
    return len({line.split()[0] for line in (folder / "steps.txt").read_text().splitlines()})


def check_steps(folder: Path, total: int, every: int = 5, lost: int = 0) -> int:
    """Raises AssertionError unless a run trained every step, none after it was complete, went on from its newest
    checkpoint, and no two processes trained at once. Returns how many processes trained.

    Args:
        folder: of the run.
        total: its steps.
        every: steps between checkpoints; 1 where processes saved when they were asked to stop.
        lost: with 1: how many steps may have been lost all the same.
    """
    lines = [
        tuple(map(int, line.split())) for line in (folder / "steps.txt").read_text().splitlines()
    ]
    steps = [step for _, step in lines]
    assert sorted(set(steps)) == list(range(1, total + 1)) and steps[-1] == total
    order = [process for (process, _), before in zip(lines, [None, *lines], strict=False)
             if before is None or before[0] != process]  # fmt: skip
    assert len(order) == len(set(order)), "two processes trained at once"
    for (before, last), (after, step) in zip(lines, lines[1:], strict=False):
        newest = last // every * every
        if before == after:
            assert step == last + 1
        elif lost:
            assert last - lost < step <= last + 1
        else:  # it was asked to stop and saved, was killed, or was killed before it saved
            assert step in (last + 1, newest + 1, newest + 1 - every)
    assert len((folder / "tests.txt").read_text().splitlines()) >= 1
    return len(order)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    import jnerf.cli
    from jnerf.sweep import worker

    sys.argv_of_worker = sys.argv[1:]
    jnerf.cli.main = train
    sys.exit(worker.main(sys.argv[1:]))
