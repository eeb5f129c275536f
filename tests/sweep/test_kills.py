"""kill -9 of runs and of the sweep itself, at any moment; real processes, trainings that cost nothing."""

import contextlib
import os
import random
import signal
import time
from functools import partial
from pathlib import Path

from fake_sweeps import start_sweep
from fake_training import check_steps

NAMES = ["a-x", "a-y", "b-x", "b-y"]


def workers(root):
    """The processes that train in a sweep's folder."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if folder.name.isdecimal() and any(w.startswith(f"{root}/".encode()) for w in words):
            found.append(int(folder.name))
    return found


def at_steps(root):
    """Those of them that have trained a step: on a slow machine most of a process's life is its start."""
    logs = [file.read_text() for file in root.glob("*/steps.txt")]
    return [process for process in workers(root) if any(f"{process} " in log for log in logs)]


def begun(sweep, root):
    return sweep.poll() is not None or at_steps(root)


def wait_for(condition, seconds=240.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_kills_at_random_lose_nothing_and_train_nothing_twice(tmp_path):
    draw, root = random.Random(1), tmp_path / "s"
    how = {"behaviour": {name.replace("-", "_"): {"delay": 0.05} for name in NAMES}}
    how |= {"jobs": 2, "retries": 9}
    sweep = start_sweep(root, NAMES, **how)
    for kill in range(5):
        wait_for(partial(begun, sweep, root))
        time.sleep(draw.uniform(0.0, 0.4))
        target = sweep.pid if kill in (1, 3) else draw.choice(workers(root) or [sweep.pid])
        if target != sweep.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(target, signal.SIGKILL)
        else:
            sweep.kill()  # unless it has ended, whose number may be another's by now
            sweep.communicate()
            sweep = start_sweep(root, NAMES, **how)
    out = sweep.communicate()[0]
    assert sweep.returncode == 0, out
    starts = sum(check_steps(root / name, 20) for name in NAMES)
    assert starts > len(NAMES)  # some were killed halfway
    before = {name: (root / name / "steps.txt").read_text() for name in NAMES}
    again = start_sweep(root, NAMES)
    assert "4 of them complete" in again.communicate()[0] and again.returncode == 0
    assert before == {name: (root / name / "steps.txt").read_text() for name in NAMES}


def test_ctrl_c_saves_says_so_and_the_same_command_goes_on(tmp_path):
    root = tmp_path / "s"
    slow = {"a_x": {"delay": 0.05, "every": 1000}, "a_y": {"delay": 0.05, "every": 1000}}
    sweep = start_sweep(root, NAMES, 300, slow, jobs=2)
    wait_for(lambda: all((root / n / "steps.txt").exists() for n in NAMES[:2]))
    os.killpg(sweep.pid, signal.SIGINT)
    out = sweep.communicate(timeout=240)[0]
    assert sweep.returncode == 130 and "Traceback" not in out, out
    assert "SIGINT: the runs at work save and leave; once more to quit at once" in out
    assert "a-x: stopped, saved after step" in out
    assert "stopped: 4 of 4 runs are not complete. The same command goes on." in out
    assert not workers(root)
    again = start_sweep(root, NAMES, 300, jobs=2)
    assert "a-x: goes on after step" in again.communicate()[0] and again.returncode == 0
    assert check_steps(root / "a-x", 300, every=1) == 2


def test_ctrl_c_twice_quits_at_once(tmp_path):
    root = tmp_path / "s"
    sweep = start_sweep(root, ["a-x"], 10000, {"a_x": {"delay": 60}})
    wait_for(lambda: (root / "a-x" / "steps.txt").exists())
    os.kill(sweep.pid, signal.SIGINT)
    while "once more to quit at once" not in sweep.stdout.readline():  # two that come at once are one
        assert sweep.poll() is None
    os.kill(sweep.pid, signal.SIGINT)
    begun = time.monotonic()
    assert "Traceback" not in sweep.communicate(timeout=120)[0]
    assert sweep.returncode == 130 and not workers(root)
    assert time.monotonic() - begun < 50  # the run's step would take longer


def test_two_sweeps_on_one_folder(tmp_path):
    root = tmp_path / "s"
    first = start_sweep(root, ["a-x"], 10000, {"a_x": {"delay": 0.02}})
    wait_for(lambda: (root / "a-x" / "steps.txt").exists())
    second = start_sweep(root, ["a-x"], 10000, {"a_x": {"delay": 0.02}})
    out = second.communicate()[0]
    assert second.returncode == 2
    assert f"another sweep is at work in {root} (process {first.pid} on " in out
    os.kill(first.pid, signal.SIGTERM)
    first.communicate()
    assert first.returncode == 130
    lines = (root / "a-x" / "steps.txt").read_text().splitlines()
    assert len({line.split()[0] for line in lines}) == 1
