"""One start of a run: its process, its output, and what its end means."""

import os
import re
import signal
import time

import pytest
from fake_sweeps import PROGRAM, fake_plan
from fake_training import check_steps

from jnerf.sweep.job import BUSY, Job, Process, judge, last_lines


def start(plan, name="a-x", **other):
    (run,) = [run for run in plan.runs if run.name == name]
    return Process(Job(run, plan.folder(run), program=PROGRAM, **other))


def begun(root, steps=3):
    """Waits until a run has trained some steps."""
    end = time.monotonic() + 240
    while time.monotonic() < end:
        file = root / "steps.txt"
        if file.exists() and file.read_text().count("\n") >= steps:
            return
        time.sleep(0.01)
    raise TimeoutError(root)


def test_a_run_that_is_stopped_saves_and_goes_on_from_there(tmp_path):
    plan = fake_plan(tmp_path / "s", ["a-x"], 40, a_x={"delay": 0.02, "every": 1000})
    process = start(plan)
    begun(tmp_path / "s" / "a-x")
    process.stop()
    outcome = process.wait()
    assert outcome.kind == "stopped" and 3 <= outcome.saved < 40
    fake_plan(tmp_path / "s", ["a-x"], 40)
    assert start(plan).wait().kind == "complete"
    assert check_steps(tmp_path / "s" / "a-x", 40, every=1) == 2


def test_a_complete_run_is_not_trained_again(tmp_path):
    plan = fake_plan(tmp_path / "s", ["a-x"], 5)
    assert start(plan).wait().kind == "complete"
    assert start(plan).wait().kind == "complete"
    assert check_steps(tmp_path / "s" / "a-x", 5) == 1


def test_of_two_starts_one_trains(tmp_path):
    plan = fake_plan(tmp_path / "s", ["a-x"], 10000, a_x={"delay": 0.02})
    first = start(plan)
    begun(tmp_path / "s" / "a-x")
    assert start(plan).wait().kind == "busy"
    first.stop()
    assert first.wait().kind == "stopped"
    lines = (tmp_path / "s" / "a-x" / "steps.txt").read_text().splitlines()
    assert len({line.split()[0] for line in lines}) == 1


def test_a_run_saves_and_ends_when_whoever_started_it_is_killed(tmp_path):
    plan = fake_plan(tmp_path / "s", ["a-x"], 1000, a_x={"delay": 0.02, "every": 1000})
    root = tmp_path / "s" / "a-x"
    child = os.fork()
    if not child:
        try:
            start(plan)
            time.sleep(300)
        finally:
            os._exit(0)
    begun(root)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    end = time.monotonic() + 240
    while not (root / "checkpoints").is_dir() or not any((root / "checkpoints").glob("step_*")):
        assert time.monotonic() < end
        time.sleep(0.01)
    assert len((root / "steps.txt").read_text().splitlines()) < 1000


def test_what_fails_is_told_with_its_last_lines_of_this_start(tmp_path):
    plan = fake_plan(tmp_path / "s", ["a-x"], a_x={"fail": "first"})
    assert start(plan).wait().lines[-2:] == ("loaded", "error: first")
    fake_plan(tmp_path / "s", ["a-x"], a_x={"fail": "second"})
    outcome = start(plan).wait()
    assert (outcome.kind, outcome.told) == ("failed", "exit status 2")
    assert outcome.lines[-2:] == ("loaded", "error: second") and len(outcome.lines) == 3


def test_output_names_command_and_host_and_threads_are_the_runs(tmp_path):
    plan = fake_plan(tmp_path / "s", ["a-x"], 1)
    start(plan, threads=3, environment={"CUDA_VISIBLE_DEVICES": "1"}).wait()
    text = (tmp_path / "s" / "a-x" / "output.txt").read_text()
    assert text.startswith("== 2") and f"--save-dir {tmp_path}/s --resume" in text
    assert "jnerf train some.py exp_name=a-x" in text
    assert "threads 3, GPU 1, kernels " in text


@pytest.mark.parametrize(
    ("status", "complete", "stopped", "kind", "told"),
    [
        (0, True, False, "complete", ""),
        (-9, True, False, "complete", ""),  # killed when all was written
        (0, False, False, "failed", "its folder does not hold the result"),
        (1, False, False, "failed", "exit status 1"),
        (2, False, True, "failed", "exit status 2"),
        (-9, False, False, "died", "SIGKILL .*memory"),
        (-11, False, False, "died", "SIGSEGV"),
        (130, False, False, "died", "somebody asked it to stop"),
        (130, False, True, "stopped", ""),
        (143, False, False, "died", "somebody asked it to stop"),  # while it loaded or tested
        (143, False, True, "stopped", ""),
        (129, False, False, "died", "somebody asked it to stop"),
        (-15, False, True, "stopped", ""),
        (BUSY, False, False, "busy", "another process trains"),
    ],
)
def test_what_an_exit_status_means(status, complete, stopped, kind, told):
    found = judge(status, complete, stopped)
    assert found[0] == kind
    assert re.search(told, found[1]) if told else not found[1]


def test_last_lines_are_without_the_history_of_progress_bars(tmp_path):
    file = tmp_path / "output.txt"
    assert last_lines(file, 0) == ()
    file.write_bytes(
        b"old\n" + b"10%\r20%\r30%\r\n\n" + "Fehler: ü\n".encode() + b"x" * 20000 + b"\nend"
    )
    assert last_lines(file, 4, most=2) == ("x" * (2**14 - 4), "end")
    file.write_bytes(b"old\n10%\r20%\nlast\r\n")
    assert last_lines(file, 4) == ("20%", "last")


def test_a_folder_that_cannot_be_made_is_said_at_once(tmp_path):
    plan = fake_plan(tmp_path / "s", ["a-x"])
    (tmp_path / "s" / "a-x").write_text("a file")
    with pytest.raises(OSError):
        start(plan)
